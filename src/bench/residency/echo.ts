/** The echo kernel: the smallest possible request, so only the way to the device and back is measured. */
import {
  type DeviceProfile,
  launchEcho,
  type ResidentLoop,
  softwareThreadCount,
  type StrategyName,
  type Ticket,
} from "../../residency/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { type Contender, expectResult } from "../measure/index.ts";

const SMALL_WORKGROUP_SIZE = 32;
const LARGE_WORKGROUP_SIZE = 512;
/** More workgroups than any device keeps resident. The strategy finds out how many fit. */
const WORKGROUP_ATTEMPT = 4096;
const ANSWER_TIMEOUT_MS = 2_000;

/** An echo kernel that runs. */
export interface RunningEcho extends AsyncDisposable {
  readonly workgroupCount: number;
  readonly contender: Contender;
}

/**
 * Launches the echo kernel.
 * @param fillsDevice as many workgroups as the device keeps resident, instead of one
 * @throws EW_STRATEGY_UNSUPPORTED
 */
export async function openEcho(
  device: Device,
  profile: DeviceProfile,
  strategy: StrategyName,
  fillsDevice: boolean,
): Promise<RunningEcho> {
  const size = fillsDevice && device.info.type !== "cpu" ? LARGE_WORKGROUP_SIZE : SMALL_WORKGROUP_SIZE;
  const echo = await launchEcho(
    { device, profile, strategy, residentWorkgroupCount: fillsDevice ? workgroupAttempt(device) : 1 },
    size,
  );
  return {
    workgroupCount: echo.loop.workgroupCount,
    contender: echoContender(echo.loop),
    [Symbol.asyncDispose]: () => echo[Symbol.asyncDispose](),
  };
}

function workgroupAttempt({ info }: Device): number {
  if (info.type !== "cpu") return WORKGROUP_ATTEMPT;
  return Math.max(1, softwareThreadCount() - 1);
}

function echoContender(kernel: ResidentLoop): Contender {
  const payload = new Uint32Array(1);
  let ticket: Ticket;
  let isAnswered = false;
  return {
    run() {
      payload[0] = (payload[0] as number) + 1;
      ticket = kernel.submit(payload);
      isAnswered = kernel.waitSync(ticket, ANSWER_TIMEOUT_MS);
    },
    check() {
      expectResult("an answer came in time", isAnswered, true);
      if (ticket.failure !== undefined) throw ticket.failure;
      expectResult("the echo of a word, plus one", ticket.result, (payload[0] as number) + 1);
    },
  };
}
