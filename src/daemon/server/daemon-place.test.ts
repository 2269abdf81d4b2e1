import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { DaemonGround } from "../../../test/support/daemons.ts";
import { DaemonPlace } from "./daemon-place.ts";

it("has a socket only when somebody listens there", async () => {
  await using ground = new DaemonGround();
  const place = DaemonPlace.take(ground.at);
  const server = createServer();
  let wasThere: boolean | undefined;
  server.once("listening", () => (wasThere = existsSync(ground.at.socket)));
  await place.listen(server);
  expect([wasThere, existsSync(ground.at.socket)]).toEqual([false, true]);
  server.close();
  place.release();
  expect(readdirSync(ground.at.folder)).toEqual(["daemon.lock"]);
});
