/** Bounded probes: each ends by itself, whatever the device does. */
import { kernelFile, sharedPrograms } from "../programs/index.ts";
import type { Device } from "../vulkan/index.ts";
import { LoopProbe } from "./queue.schema.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "./resident-loop.ts";

const ROUNDS = 64;
const ROUND_TIMEOUT_MS = 1_000;
/** Idle polls after which the litmus kernel gives up: a few seconds on any device. */
const LITMUS_POLL_LIMIT = 4_000_000;

/** What the doorbell litmus saw. */
export interface DoorbellReading {
  readonly memoryType: number;
  /** Did a running kernel answer every request that the host wrote to memory of this type? */
  readonly isSeen: boolean;
  readonly rounds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Runs a loop that should take `rounds` rounds; returns how many it took. */
export async function probeLoopLimit(device: Device, rounds: number): Promise<number> {
  using lease = await sharedPrograms().acquire(device, {
    file: kernelFile("residency/kernels/loop_limit"),
    label: "loop limit probe",
  });
  using memory = device.createBuffer({ role: "mailbox", sizeBytes: 8, label: "loop limit probe" });
  const words = new Uint32Array(memory.host);
  words.set([rounds, 0]);
  const constants = new DataView(new ArrayBuffer(LoopProbe.sizeBytes));
  LoopProbe.write(constants, 0, { rounds: memory.address });
  device.run((recorder) =>
    recorder.bind(lease.pipeline).push(constants).dispatch(1).barrier("compute", "host"),
  );
  return words[1];
}

/**
 * The doorbell litmus: launches the echo kernel once and asks it 64 times through the device's doorbell memory. A kernel that does not
 * see the host's writes does not see the stop flag either, so it has a limit of polls.
 */
export async function probeDoorbell(device: Device): Promise<DoorbellReading> {
  using lease = await sharedPrograms().acquire(device, {
    file: kernelFile("residency/kernels/echo"),
    specialization: { [WORKGROUP_SIZE_ID]: 32 },
    label: "doorbell litmus",
  });
  const timesUs: number[] = [];
  let isSeen = true;
  const memoryType = device.memoryTypes.doorbell;
  await using kernel = await ResidentLoop.launch({
    device,
    profile: LITMUS_PROFILE,
    pipeline: lease.pipeline,
    strategy: "persistent",
    slotCount: 16,
    pollLimit: LITMUS_POLL_LIMIT,
  });
  const payload = new Uint32Array(1);
  for (let round = 0; round < ROUNDS && isSeen; round++) {
    payload[0] = round * 977;
    const begin = performance.now();
    const ticket = kernel.submit(payload);
    isSeen =
      kernel.waitSync(ticket, ROUND_TIMEOUT_MS) &&
      ticket.failure === undefined &&
      ticket.result === payload[0] + 1;
    timesUs.push((performance.now() - begin) * 1000);
  }
  timesUs.sort((a, b) => a - b);
  return {
    memoryType,
    isSeen,
    rounds: timesUs.length,
    p50Us: timesUs[Math.floor(timesUs.length * 0.5)],
    p99Us: timesUs[Math.floor(timesUs.length * 0.99)],
  };
}

/** Lets the litmus do what a profile would have to allow first. */
const LITMUS_PROFILE = {
  version: 2,
  deviceName: "the device under test",
  driverInfo: "",
  measuredAt: "",
  loopLimit: undefined,
  doorbell: [],
  persistent: { allowed: true, reason: "this is the test of it" },
} as const;
