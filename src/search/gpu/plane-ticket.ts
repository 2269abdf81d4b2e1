/** A program over bit planes in flight: a count of lines, or a plan whose lines are wanted. */
import type { BackendTicket, LineCount, LineTicket, RawHits } from "../backend/index.ts";
import type { PlaneAnswer, PlaneQuery } from "./plane-query.ts";
import { QueryTicket } from "./query-ticket.ts";

/** See `LineTicket`. */
export class PlaneTicket extends QueryTicket<PlaneQuery> implements LineTicket {
  result(): LineCount {
    this.assertAnswered();
    return this.query.answer as PlaneAnswer;
  }
}

/** See `BackendTicket`. */
export class PlaneHitsTicket extends QueryTicket<PlaneQuery> implements BackendTicket {
  result(): RawHits {
    this.assertAnswered();
    return this.query.answer?.places as RawHits; // they were asked for
  }
}
