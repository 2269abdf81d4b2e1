/** The driver's own cache of compiled pipelines, held in memory. Writing it to disk safely is a later layer's work. */

import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { inFrame } from "../native/index.ts";
import { type CoreCommands, VkPipelineCacheCreateInfo, VkResult } from "../generated/index.ts";

/** Its handle is the VkPipelineCache. Pipelines made with it live on after it. */
export class PipelineCache extends DeviceObject {
  /**
   * @param initialData what `data()` gave on this very device and driver. Drivers trust it blindly: check its integrity
   * before it comes here.
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

  /** What the driver wants to keep. A header of 32 bytes and nothing else on drivers that keep nothing. */
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
        // More came in between the two calls; what is there is whole, but not all.
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
