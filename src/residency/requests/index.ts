/** Requests on their way: the pending queue before the work queue, deadlines, the dispatcher, the completion poller. */
export { type PassResult, Pump } from "./completion-poller.ts";
export { RequestDesk } from "./dispatcher.ts";
export { PendingRequest } from "./pending-request.ts";
export { type RequestOptions, laneOf, readRequestOptions } from "./request-options.ts";
export { RequestTrace } from "./request-trace.ts";
