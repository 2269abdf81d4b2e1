/** The driver's own cache of compiled pipelines, in memory. A higher layer writes it to disk. */

import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { inFrame } from "../native/index.ts";
import { type CoreCommands, VkPipelineCacheCreateInfo, VkResult } from "../generated/index.ts";

/** A pipeline cache. `handle` is the VkPipelineCache. Pipelines made with the cache outlive it. */
export class PipelineCache extends DeviceObject {
  /**
   * @param initialData the result of `data()` on the same device and driver. Drivers trust this data blindly, so the
   * caller must check its integrity
   */
  constructor(context: DeviceContext, initialData: Uint8Array = new Uint8Array()) {
    super(context, "pipelineCache");
    const handle = inFrame((frame) => {
      const info = frame.struct(VkPipelineCacheCreateInfo, {
        initialDataSize: initialData.length,
        pInitialData: frame.copy(initialData),
      });
      const out = frame.bytes(8);
      const { commands, handle } = context;
      checkResult(
        commands.vkCreatePipelineCache(handle, info.address, null, out.address),
        "vkCreatePipelineCache",
      );
      return out.u64();
    });
    this.adopt(handle);
  }

  /** The data that the driver wants to keep. Drivers that keep nothing give only a header of 32 bytes. */
  data(): Uint8Array {
    this.context.assertOpen();
    const { commands, handle: device } = this.context;
    const call = "vkGetPipelineCacheData";
    const tries = 4;
    for (let attempt = 1; ; attempt++) {
      const data = inFrame((frame) => {
        const size = frame.bytes(8);
        checkResult(commands.vkGetPipelineCacheData(device, this.handle, size.address, null), call);
        const out = frame.bytes(Number(size.u64()));
        const result = checkResult(
          commands.vkGetPipelineCacheData(device, this.handle, size.address, out.address),
          call,
        );
        // The cache grew between the two calls. The data is valid but incomplete.
        if (result === VkResult.VK_INCOMPLETE && attempt < tries) return undefined;
        return new Uint8Array(out.view.buffer, out.view.byteOffset, Number(size.u64())).slice();
      });
      if (data !== undefined) return data;
    }
  }

  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    commands.vkDestroyPipelineCache(device, handle, null);
  }
}
