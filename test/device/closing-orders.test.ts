/**
 * Everything on a device, closed in every order, with work in flight, twice, at once and in each other's callbacks: in processes of their own, for a
 * Vulkan handle that is used after its end ends the process.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import {
  CLOSABLES,
  type Closable,
  type ClosingOrder,
  type ClosingReport,
  WAYS,
} from "../support/closing-script.ts";
import { bundleScript, type Script } from "../support/script-process.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { testDeviceInfo, withDevice } from "../support/vulkan.ts";

/** What a close, a call in flight or a call afterwards may end with. */
const ALLOWED = new Set(["ok", "EW_CLOSED", "EW_IN_USE"]);
const ON_ONE_DEVICE: readonly Closable[] = ["device", "kernel", "cache", "program", "queue"];
/** Of the orders of everything, each so many is tried. */
const STRIDE = 211;

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries())
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
}

let script: Script;
let profile: DeviceProfile;
beforeAll(async () => {
  profile = await withDevice(profileOf);
  script = await bundleScript(`
    import { runOrders } from "./test/support/closing-script.ts";
    await runOrders(process.argv[2], Number(process.argv[3]));
  `);
});
afterAll(() => script[Symbol.dispose]());

async function reportsOf(orders: readonly ClosingOrder[]): Promise<ClosingReport[]> {
  const { end, output } = await script.run([JSON.stringify(orders), String(testDeviceInfo().index)]);
  const lines = output.trim().split("\n");
  expect({ end, last: lines.at(-1) }).toEqual({ end: 0, last: lines.at(-1) });
  expect(lines.length).toBe(2 * orders.length);
  return lines.filter((_, index) => index % 2 === 1).map((line) => JSON.parse(line) as ClosingReport);
}

function expectGood(reports: readonly ClosingReport[]): void {
  for (const report of reports) {
    const { order, way, strategy, closes, inFlight, uses, isClosed, validation } = report;
    const bad = [...closes, ...inFlight, ...uses].filter((code) => !ALLOWED.has(code));
    expect({ order, way, strategy, bad, isClosed, validation }).toEqual({
      order,
      way,
      strategy,
      bad: [],
      isClosed: true,
      validation: [],
    });
  }
}

const strategies = ["batch", "persistent", "leased"] as const;

it.for(WAYS.flatMap((way) => strategies.map((strategy) => ({ way, strategy }))))(
  "orders of closing what is on one device, $way ($strategy)",
  async ({ way, strategy }, context) => {
    skipIfForbidden(context, profile, strategy);
    const orders = [...permutations(ON_ONE_DEVICE)].map((order) => ({ order, way, strategy }));
    // Kernels that stay differ from others in few orders; the remainder moves on from way to way, so that all are tried.
    const tried =
      strategy === "batch" ? orders : orders.filter((_, index) => index % 3 === WAYS.indexOf(way));
    expectGood(await reportsOf(tried));
  },
);

it.for(WAYS)("orders of closing devices, kernels, engines and namespaces, %s", async (way) => {
  const orders = [...permutations(CLOSABLES)].filter((_, index) => index % STRIDE === 0);
  expectGood(await reportsOf(orders.map((order) => ({ order, way, strategy: "batch" as const }))));
});
