/** Requests on their way: the pending queue before the work queue, deadlines, the dispatcher, the completion poller. */
export { type PassResult, CompletionPoller } from "./completion-poller.ts";
export { Dispatcher } from "./dispatcher.ts";
export { PendingRequest } from "./pending-request.ts";
export {
  type CallOptions,
  type SyncCallOptions,
  priorityOf,
  readCallOptions,
  readSyncCallOptions,
} from "./call-options.ts";
export { RequestTrace } from "./request-trace.ts";
