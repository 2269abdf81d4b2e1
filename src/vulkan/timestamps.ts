/** Times taken by the device itself, in slots that command buffers write. */

import { EverwarpError } from "../base/errors.ts";
import { checkResult } from "./check-result.ts";
import type { DeviceContext } from "./context.ts";
import { inFrame } from "./frame.ts";
import { VkQueryResultFlagBits, VkQueryType, VkResult } from "./generated/constants.ts";
import { VkQueryPoolCreateInfo } from "./generated/structs.ts";

export class Timestamps implements Disposable {
  /** The VkQueryPool. */
  readonly handle: bigint;
  /** Number of slots. */
  readonly count: number;
  readonly #context: DeviceContext;
  #disposed = false;

  constructor(context: DeviceContext, count: number) {
    context.assertOpen();
    if (!(Number.isInteger(count) && count > 0 && count <= 4096)) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${count} timestamp slots`, { remedy: "Give 1 to 4096." });
    }
    this.#context = context;
    this.count = count;
    this.handle = inFrame((frame) => {
      const info = frame.struct(VkQueryPoolCreateInfo, {
        queryType: VkQueryType.VK_QUERY_TYPE_TIMESTAMP,
        queryCount: count,
      });
      const out = frame.bytes(8);
      const { commands, handle } = context;
      checkResult(commands.vkCreateQueryPool(handle, info.address, null, out.address), "vkCreateQueryPool");
      return out.u64();
    });
    context.track("timestamps", this);
  }

  /**
   * Nanoseconds of every slot on the device's clock (only differences mean something), or undefined while the commands
   * that write them have not ended. Never blocks. @throws EW_DEVICE_LOST
   */
  readNs(): number[] | undefined {
    const { commands, handle: device, physical } = this.#context;
    this.#context.assertOpen();
    return inFrame((frame) => {
      const out = frame.bytes(this.count * 8);
      const flags = VkQueryResultFlagBits.VK_QUERY_RESULT_64_BIT;
      const size = BigInt(this.count * 8);
      const result =
        this.#context.answerAt("fence-status") ??
        commands.vkGetQueryPoolResults(device, this.handle, 0, this.count, size, out.address, 8n, flags);
      if (this.#context.check(result, "vkGetQueryPoolResults") !== VkResult.VK_SUCCESS) return undefined;
      const periodNs = physical.info.limits.timestampPeriodNs;
      return Array.from({ length: this.count }, (_, slot) => Number(out.u64(slot)) * periodNs);
    });
  }

  /** Destroys the slots; no command buffer that uses them may be running. A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#context.release("timestamps", this, (commands, device) =>
      commands.vkDestroyQueryPool(device, this.handle, null),
    );
  }
}
