/** A signal during a search on a device: the kernel is stopped first, then the process dies of that signal. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import { Dir } from "../support/cli.ts";
import { captured } from "../support/environment.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();
const { index } = testDeviceInfo();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Load = (
  this: DeviceBackend,
  ...given: Parameters<DeviceBackend["load"]>
) => ReturnType<DeviceBackend["load"]>;

const dir = new Dir("device-signals").file("f", "needle\n");
afterAll(() => dir.remove());
afterEach(() => vi.restoreAllMocks());

/** Listeners of a signal that were not there at first. */
function newListeners(
  signal: NodeJS.Signals,
  before: ReadonlySet<unknown>,
): ((signal: NodeJS.Signals) => void)[] {
  return process.listeners(signal).filter((each) => !before.has(each)) as ((
    signal: NodeJS.Signals,
  ) => void)[];
}

describe("a signal while a device searches", () => {
  const before = new Map<NodeJS.Signals, ReadonlySet<unknown>>();
  beforeAll(() => {
    for (const signal of SIGNALS) before.set(signal, new Set(process.listeners(signal)));
  });

  it.each(SIGNALS)("stops the kernel, then ends the process with %s", async (signal) => {
    const events: string[] = [];
    const kill = process.kill.bind(process);
    vi.spyOn(process, "kill").mockImplementation((pid, how) => {
      // Whoever looks after caches asks by signal 0 whether other processes live.
      if (pid !== process.pid) return kill(pid, how);
      events.push(`kill ${String(how)}`);
      return true;
    });
    const close = Reflect.get(DeviceBackend.prototype, "close") as (this: DeviceBackend) => Promise<void>;
    vi.spyOn(DeviceBackend.prototype, "close").mockImplementation(async function (this: DeviceBackend) {
      await close.call(this);
      events.push("closed");
    });
    const load = Reflect.get(DeviceBackend.prototype, "load") as Load;
    vi.spyOn(DeviceBackend.prototype, "load").mockImplementation(async function (
      this: DeviceBackend,
      corpus,
    ) {
      const loaded = await load.call(this, corpus);
      const listeners = newListeners(signal, before.get(signal)!);
      expect(listeners, "the search listens for the signal while its kernel runs").toHaveLength(1);
      for (const listener of listeners) listener(signal);
      return loaded;
    });
    const { environment } = captured();
    await main(["search", "--no-config", `--device=${index}`, "needle", dir.path], environment);
    // The search closes its backend too, so there may be more than one "closed".
    expect(events.indexOf("closed")).toBe(0);
    expect(events.filter((event) => event !== "closed")).toEqual([`kill ${signal}`]);
  });

  it("is nobody's business any more when the search is over", async () => {
    const { environment, out } = captured();
    expect(await main(["search", "--no-config", `--device=${index}`, "needle", dir.path], environment)).toBe(
      0,
    );
    expect(out()).toBe(`${dir.path}/f:needle\n`);
    for (const signal of SIGNALS) expect(newListeners(signal, before.get(signal)!)).toEqual([]);
  });
});
