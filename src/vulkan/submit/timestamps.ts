/** Times of the device's own clock, written to slots by command buffers. */

import { EverwarpError } from "../../base/index.ts";
import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { inFrame } from "../native/index.ts";
import {
  type CoreCommands,
  VkQueryPoolCreateInfo,
  VkQueryResultFlagBits,
  VkQueryType,
  VkResult,
} from "../generated/index.ts";

/** A set of timestamp slots. `handle` is the VkQueryPool. */
export class Timestamps extends DeviceObject {
  /** Number of slots. */
  readonly count: number;

  /** @internal */
  constructor(context: DeviceContext, count: number) {
    super(context, "timestamps");
    if (!(Number.isInteger(count) && count > 0 && count <= 4096)) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${count} timestamp slots`, { remedy: "Give 1 to 4096." });
    }
    this.count = count;
    const handle = inFrame((frame) => {
      const info = frame.struct(VkQueryPoolCreateInfo, {
        queryType: VkQueryType.VK_QUERY_TYPE_TIMESTAMP,
        queryCount: count,
      });
      const out = frame.bytes(8);
      const { commands, handle: device } = context;
      checkResult(commands.vkCreateQueryPool(device, info.address, null, out.address), "vkCreateQueryPool");
      return out.u64();
    });
    this.adopt(handle);
  }

  /**
   * The times of all slots, in nanoseconds of the device's clock. Only differences are meaningful. Undefined until the
   * commands that write the slots have ended. Never blocks. @throws EW_DEVICE_LOST
   */
  readNs(): number[] | undefined {
    const { commands, handle: device, physical } = this.context;
    this.context.assertOpen();
    return inFrame((frame) => {
      const out = frame.bytes(this.count * 8);
      const flags = VkQueryResultFlagBits.VK_QUERY_RESULT_64_BIT;
      const size = BigInt(this.count * 8);
      const result =
        this.context.answerAt("fence-status") ??
        commands.vkGetQueryPoolResults(device, this.handle, 0, this.count, size, out.address, 8n, flags);
      if (this.context.check(result, "vkGetQueryPoolResults") !== VkResult.VK_SUCCESS) return undefined;
      const periodNs = physical.info.limits.timestampPeriodNs;
      return Array.from({ length: this.count }, (_, slot) => Number(out.u64(slot)) * periodNs);
    });
  }

  /** No running command buffer may be using the slots. */
  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    commands.vkDestroyQueryPool(device, handle, null);
  }
}
