/** The contenders of the benchmark: fleets on a device and on the host, and V8 with nothing added. */
import { EverwarpError } from "../../base/index.ts";
import { Device } from "../../vulkan/index.ts";
import { WasmFleet, type WasmFleetOptions, WasmModule } from "../../wasm/index.ts";
import { type BenchContext, deviceSelection, reportError } from "../context/index.ts";
import { type Contender, expectResult } from "../measure/index.ts";
import type { Program, ProgramCall } from "./programs.ts";
import { V8Fleet } from "./v8.ts";

/** What a fleet is made of. */
export interface FleetPlan extends Pick<Program, "binary" | "pages"> {
  readonly instances: number;
}

/** A fleet of any kind. A call gives a number for each instance. */
export interface AnyFleet extends AsyncDisposable {
  readonly facts: Readonly<Record<string, string | number>>;
  call: (call: ProgramCall) => Promise<ArrayLike<number>>;
}

/** A way to run fleets. */
export interface FleetMaker {
  readonly name: string;
  /** Node reserves gigabytes of addresses for each memory, so a process has room for about 12,000. */
  readonly maxInstances: number;
  open: (plan: FleetPlan) => Promise<AnyFleet>;
}

/** More than any program of the benchmark uses. */
const FUEL = 1_000_000_000_000n;
const HOST_INSTANCES_MAX = 4096;
/** CoreMark asks for the time before and after its iterations. */
const CLOCK_STEP_MS = 100_000;

/** The user's device, if there is one, and who does the work: a software device is the host's cores. */
export interface DeviceUnderTest extends Disposable {
  readonly device: Device | undefined;
  readonly workers: "gpu" | "cores";
}

/** Opens the device that `--device` names. Where there is none, a row says why. */
export function openDevice(context: BenchContext): DeviceUnderTest {
  const { device: name } = context.options;
  let device: Device | undefined;
  try {
    if (name !== "cpu")
      device = Device.open({ select: deviceSelection(name), allowSoftware: name !== "auto" });
  } catch (error) {
    reportError(context, { case: context.caseName, subject: "all", contender: "device" }, error);
  }
  return {
    device,
    workers: device === undefined || device.info.type === "cpu" ? "cores" : "gpu",
    [Symbol.dispose]: () => device?.close(),
  };
}

/** All ways to run fleets. */
export function fleetMakers({ device }: DeviceUnderTest): readonly FleetMaker[] {
  const host = {
    name: "host",
    maxInstances: HOST_INSTANCES_MAX,
    open: (plan: FleetPlan) => openFleet("cpu", plan),
  };
  const v8 = { name: "V8", maxInstances: HOST_INSTANCES_MAX, open: openV8 };
  if (device === undefined) return [host, v8];
  const onDevice = (name: string, compile: "always" | "never"): FleetMaker => ({
    name,
    maxInstances: Infinity,
    open: (plan) => openFleet(device, plan, compile),
  });
  return [onDevice("compiled", "always"), onDevice("interpreted", "never"), host, v8];
}

async function openFleet(
  device: NonNullable<WasmFleetOptions["device"]>,
  { binary, instances, pages }: FleetPlan,
  compile: WasmFleetOptions["compile"] = "auto",
): Promise<AnyFleet> {
  let nowMs = 0;
  const fleet = await WasmFleet.open(await WasmModule.compile(binary), {
    device,
    instances,
    maxMemoryPages: pages,
    fuelPerCall: FUEL,
    compile,
    imports: { env: { clock_ms: () => (nowMs = (nowMs + CLOCK_STEP_MS) | 0) } },
  });
  return {
    facts: { engine: fleet.info.engine },
    async call({ name, args }) {
      const { results, traps } = await fleet.call(name, { args });
      const [trap] = traps;
      if (trap !== undefined)
        throw new EverwarpError("EW_BENCH_WRONG_RESULT", `instance ${trap.instance}: ${trap.reason}`);
      return results[0] as Int32Array | Float32Array;
    },
    [Symbol.asyncDispose]: () => fleet.close(),
  };
}

async function openV8({ binary, instances }: FleetPlan): Promise<AnyFleet> {
  const fleet = await V8Fleet.open(binary, instances);
  return {
    facts: { threads: fleet.threads },
    call: (call) => fleet.call(call),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

/** A program in a fleet: what takes time before is done, and each result is compared. */
export async function programContender(
  { prepare, run, expected }: Program,
  instances: number,
  fleet: AnyFleet,
): Promise<Contender> {
  const lead = prepare === undefined ? [] : [Int32Array.from(await fleet.call(prepare))];
  const call = { name: run.name, args: [...lead, ...run.args] };
  const right = Array.from({ length: instances }, (_, instance) => expected(instance));
  let results: ArrayLike<number> = [];
  return {
    async run() {
      results = await fleet.call(call);
    },
    check() {
      for (const [instance, value] of right.entries())
        expectResult(`${run.name} in instance ${instance}`, results[instance], value);
    },
  };
}

/** CoreMark in a fleet. It says its iterations a second by its clock, and nothing where it found a wrong sum. */
export function coremarkContender(instances: number, fleet: AnyFleet): Contender {
  let scores: ArrayLike<number> = [];
  return {
    async run() {
      scores = await fleet.call({ name: "run", args: [] });
    },
    check() {
      for (let instance = 0; instance < instances; instance++)
        expectResult(`CoreMark's score in instance ${instance}`, (scores[instance] as number) > 0, true);
    },
  };
}
