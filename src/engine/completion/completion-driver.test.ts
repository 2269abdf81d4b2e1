import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EverwarpError } from "../../base/index.ts";
import { CompletionDriver, type DrivenKernel, type DrivenRequests } from "./completion-driver.ts";
import { Deferred } from "./deferred.ts";

/** Requests that are answered after a given number of polls. */
class Ground implements DrivenKernel, DrivenRequests {
  readonly driver: CompletionDriver;
  readonly flights: { readonly deferred: Deferred; pollsLeft: number }[] = [];
  readonly waiting: (typeof this.flights)[number][] = [];
  answeredCount = 0;
  looks = 0;
  assertions = 0;

  constructor(stallMs?: number) {
    this.driver = new CompletionDriver(this, this, { noun: "test kernel", stallMs });
  }
  get isIdle(): boolean {
    return this.flights.length + this.waiting.length === 0;
  }
  /** Makes a request that is answered at the poll with this number. */
  ask(pollsLeft: number): Deferred {
    const deferred = new Deferred();
    this.waiting.push({ deferred, pollsLeft });
    return deferred;
  }
  poll(): number {
    this.looks++;
    return this.flights.filter((flight) => --flight.pollsLeft === 0).length;
  }
  collect(): void {
    for (const flight of this.flights.splice(0)) {
      if (flight.pollsLeft > 0) this.flights.push(flight);
      else {
        this.answeredCount++;
        flight.deferred.end();
      }
    }
  }
  send(): void {
    this.flights.push(...this.waiting.splice(0));
  }
  end(error: EverwarpError): void {
    for (const { deferred } of [...this.flights.splice(0), ...this.waiting.splice(0)]) deferred.end(error);
  }
  assertRunning(): void {
    this.assertions++;
  }
}

test("a spin ends at the answer", () => {
  const ground = new Ground();
  const asked = ground.ask(10);
  ground.driver.spin(asked);
  expect(asked.isEnded).toBe(true);
});

test("a later answer is found by driving, and nothing polls when all is answered", async () => {
  const ground = new Ground();
  const asked = [ground.ask(Infinity), ground.ask(Infinity)];
  ground.driver.spin(asked[0]!);
  expect(asked[0]!.isEnded).toBe(false);
  ground.flights[0]!.pollsLeft = ground.flights[1]!.pollsLeft = 3;
  await Promise.all(asked.map((each) => each.ended()));
  await sleep(5);
  const { looks } = ground;
  await sleep(20);
  expect(ground.looks).toBe(looks);
});

test("a blocking wait tells whether the answer came in time", async () => {
  const ground = new Ground();
  expect(ground.driver.waitSync(ground.ask(100), 10_000)).toBe(true);
  const late = ground.ask(Infinity);
  expect(ground.driver.waitSync(late, 0)).toBe(false);
  // A long blocking wait checks from time to time whether the kernel still runs.
  while (ground.assertions === 0) expect(ground.driver.waitSync(late, 50)).toBe(false);
  ground.flights[0]!.pollsLeft = 1;
  await late.ended(); // driving continues in the event loop
});

test.each(["spin", "waitSync"] as const)("silence ends with an error, after %s", async (how) => {
  const ground = new Ground(60);
  const asked = ground.ask(Infinity);
  if (how === "spin") ground.driver.spin(asked);
  else expect(ground.driver.waitSync(asked, 10_000)).toBe(true);
  await asked.ended();
  expect(() => asked.assertGood()).toThrow(expect.objectContaining({ code: "EW_TIMEOUT" }));
});
