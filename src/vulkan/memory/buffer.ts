/**
 * Buffers. Each buffer has its own allocation and a device address. It stays mapped as long as it lives.
 *
 * Invariants: `mapped` is available until the buffer is disposed. Access to the memory after that crashes the process.
 * JavaScript cannot prevent this, because such memory cannot be detached. So keep no views of a buffer that you
 * dispose. Code that keeps views for a long time holds the device (`Device.hold`), so that the device is not closed
 * meanwhile. Buffers are few and large, so there is no allocator for parts of an allocation.
 */

import { EverwarpError } from "../../base/index.ts";
import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { memoryBudget, type MemoryRole } from "../instance/index.ts";
import { inFrame, koffi } from "../native/index.ts";
import {
  type CoreCommands,
  VK_WHOLE_SIZE,
  VkBufferCreateInfo,
  VkBufferDeviceAddressInfo,
  VkBufferUsageFlagBits as Usage,
  VkMemoryAllocateFlagBits,
  VkMemoryAllocateFlagsInfo,
  VkMemoryAllocateInfo,
  VkMemoryRequirements,
  VkObjectType,
  VkResult,
  VkSharingMode,
} from "../generated/index.ts";

const USAGE =
  Usage.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
  Usage.VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
  Usage.VK_BUFFER_USAGE_TRANSFER_DST_BIT |
  Usage.VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
  Usage.VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;

/** The role and the size of a buffer. */
export interface BufferOptions {
  role: MemoryRole;
  /** A positive integer. The content is undefined until it is written. */
  sizeBytes: number;
  /** The buffer's name in errors and in messages of the validation layer. */
  label?: string;
}

/** A buffer. `handle` is the VkBuffer. */
export class DeviceBuffer extends DeviceObject {
  readonly role: MemoryRole;
  readonly sizeBytes: number;
  readonly label: string | undefined;
  /** The device address, for kernels. */
  readonly address: bigint;
  readonly #mapped: ArrayBuffer | undefined;
  readonly #hostAddress: bigint | undefined;
  readonly #memory: bigint;
  readonly #allocatedBytes: number;

  /**
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED, EW_BAD_ARGUMENT for a size that is no positive integer or exceeds the
   * device's limit
   * @internal
   */
  constructor(context: DeviceContext, options: BufferOptions) {
    super(context, "buffer");
    const { role, sizeBytes, label } = options;
    this.role = role;
    this.sizeBytes = sizeBytes;
    this.label = label;
    assertSize(context, options);
    const handle = createBuffer(context, sizeBytes);
    let memory: bigint | undefined;
    try {
      const requirements = inFrame((frame) => {
        const out = frame.struct(VkMemoryRequirements);
        context.commands.vkGetBufferMemoryRequirements(context.handle, handle, out.address);
        return out.read();
      });
      const typeIndex = context.memoryTypes[role];
      if ((requirements.memoryTypeBits & (1 << typeIndex)) === 0) {
        throw new EverwarpError("EW_BAD_ARGUMENT", `memory type ${typeIndex} takes no storage buffers`, {
          remedy: `Choose another type for ${role} memory.`,
        });
      }
      memory = allocate(context, requirements.size, typeIndex, options);
      this.#memory = memory;
      this.#allocatedBytes = Number(requirements.size);
      checkResult(
        context.commands.vkBindBufferMemory(context.handle, handle, memory, 0n),
        `vkBindBufferMemory of ${describe(options)}`,
      );
      this.address = inFrame((frame) => {
        const info = frame.struct(VkBufferDeviceAddressInfo, { buffer: handle });
        return BigInt(context.commands.vkGetBufferDeviceAddress(context.handle, info.address));
      });
      const isVisible =
        context.physical.info.memoryTypes[typeIndex]?.hostVisible === true && role !== "device";
      this.#hostAddress = isVisible ? map(context, memory, options) : undefined;
      this.#mapped = this.#hostAddress === undefined ? undefined : koffi().view(this.#hostAddress, sizeBytes);
    } catch (error) {
      if (memory !== undefined) context.commands.vkFreeMemory(context.handle, memory, null);
      context.commands.vkDestroyBuffer(context.handle, handle, null);
      throw error;
    }
    context.counters.allocations++;
    context.counters.allocatedBytes += this.#allocatedBytes;
    context.name(VkObjectType.VK_OBJECT_TYPE_BUFFER, handle, label);
    this.adopt(handle);
  }

  /**
   * The buffer's memory in this process; undefined for memory that the host cannot see. @throws EW_CLOSED as `handle`
   */
  get mapped(): ArrayBuffer | undefined {
    this.assertAlive();
    return this.#mapped;
  }

  /** The address of `mapped`, so that a worker thread can make its own view. @throws EW_CLOSED as `handle` */
  get hostAddress(): bigint | undefined {
    this.assertAlive();
    return this.#hostAddress;
  }

  /**
   * The buffer's memory in this process. Every role except `device` has it. @throws EW_BAD_ARGUMENT for `device`,
   * EW_CLOSED
   */
  get host(): ArrayBuffer {
    const { mapped } = this;
    if (mapped === undefined) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${describe(this)} is not mapped`, {
        remedy: "Copy through a staging buffer.",
      });
    }
    return mapped;
  }

  protected override describe(): string {
    return describe(this);
  }

  /** Frees the memory. No kernel and no transfer may be using the buffer. */
  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    commands.vkDestroyBuffer(device, handle, null);
    commands.vkFreeMemory(device, this.#memory, null); // also unmaps the memory
    this.context.counters.allocatedBytes -= this.#allocatedBytes;
  }
}

function describe({
  label,
  role,
  sizeBytes,
}: {
  label?: string | undefined;
  role: MemoryRole;
  sizeBytes: number;
}): string {
  return `the ${role} buffer${label === undefined ? "" : ` "${label}"`} of ${sizeBytes} bytes`;
}

function assertSize(context: DeviceContext, options: BufferOptions): void {
  const { sizeBytes } = options;
  const { limits, name } = context.physical.info;
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
    throw new EverwarpError("EW_BAD_ARGUMENT", `a buffer cannot have a size of ${sizeBytes} bytes`, {
      remedy: "Give a positive integer.",
    });
  }
  if (sizeBytes > limits.maxAllocationBytes) {
    throw new EverwarpError(
      "EW_OUT_OF_DEVICE_MEMORY",
      `${describe(options)} is larger than a single allocation on ${name} can be (${limits.maxAllocationBytes} bytes)`,
      { remedy: "Split it over several buffers." },
    );
  }
}

function createBuffer(context: DeviceContext, sizeBytes: number): bigint {
  const families = context.queueFamilies;
  return inFrame((frame) => {
    const info = frame.struct(VkBufferCreateInfo, {
      size: sizeBytes,
      usage: USAGE,
      // Concurrent sharing costs nothing for buffers, and saves ownership transfers between the transfer queue and the
      // compute queue.
      sharingMode:
        families.length > 1
          ? VkSharingMode.VK_SHARING_MODE_CONCURRENT
          : VkSharingMode.VK_SHARING_MODE_EXCLUSIVE,
      queueFamilyIndexCount: families.length > 1 ? families.length : 0,
      pQueueFamilyIndices: families.length > 1 ? frame.u32s(families) : 0n,
    });
    const out = frame.bytes(8);
    checkResult(
      context.commands.vkCreateBuffer(context.handle, info.address, null, out.address),
      `vkCreateBuffer of ${sizeBytes} bytes`,
    );
    return out.u64();
  });
}

function allocate(
  context: DeviceContext,
  size: bigint,
  memoryTypeIndex: number,
  options: BufferOptions,
): bigint {
  return inFrame((frame) => {
    const flags = frame.struct(VkMemoryAllocateFlagsInfo, {
      flags: VkMemoryAllocateFlagBits.VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    });
    const info = frame.struct(VkMemoryAllocateInfo, {
      pNext: flags.address,
      allocationSize: size,
      memoryTypeIndex,
    });
    const out = frame.bytes(8);
    const result =
      context.answerAt("allocate") ??
      context.commands.vkAllocateMemory(context.handle, info.address, null, out.address);
    if (result === VkResult.VK_ERROR_OUT_OF_DEVICE_MEMORY)
      throw outOfMemory(context, memoryTypeIndex, options);
    context.check(result, `vkAllocateMemory for ${describe(options)}`);
    return out.u64();
  });
}

function outOfMemory(context: DeviceContext, memoryTypeIndex: number, options: BufferOptions): EverwarpError {
  const { info } = context.physical;
  const heapIndex = info.memoryTypes[memoryTypeIndex]?.heapIndex ?? 0;
  const heapBytes = info.memoryHeaps[heapIndex]?.sizeBytes ?? 0;
  const freeBytes = memoryBudget(context.physical)[heapIndex] ?? 0;
  return new EverwarpError(
    "EW_OUT_OF_DEVICE_MEMORY",
    `${info.name} has no room for ${describe(options)}: ` +
      `heap ${heapIndex} has ${heapBytes} bytes, about ${freeBytes} free`,
    { remedy: "Free device memory (other processes count too) or ask for less." },
  );
}

function map(context: DeviceContext, memory: bigint, options: BufferOptions): bigint {
  return inFrame((frame) => {
    const out = frame.bytes(8);
    checkResult(
      context.commands.vkMapMemory(context.handle, memory, 0n, VK_WHOLE_SIZE, 0, out.address),
      `vkMapMemory of ${describe(options)}`,
    );
    return out.u64();
  });
}
