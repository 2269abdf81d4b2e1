/** One plan of a device in flight. */
import type { BackendTicket, RawHits } from "../backend/index.ts";
import type { DeviceQuery } from "./device-query.ts";
import { QueryTicket } from "./query-ticket.ts";

/** See `BackendTicket`. Made by `DeviceBackend.submit`. */
export class DeviceTicket extends QueryTicket<DeviceQuery> implements BackendTicket {
  #hits: RawHits | undefined;

  result(): RawHits {
    if (this.#hits === undefined) {
      this.assertAnswered();
      this.#hits = this.query.hits();
    }
    return this.#hits;
  }
}
