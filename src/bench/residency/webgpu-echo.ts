/**
 * The same echo through WebGPU (the npm package `webgpu`, which is Dawn): writeBuffer, dispatch, mapAsync. It
 * is for comparison only. The package is used if the user has installed it, and is no dependency of everwarp.
 */
import { skip, type Contender, expectResult } from "../measure/index.ts";

/** The parts of WebGPU that an echo needs. See https://www.w3.org/TR/webgpu/. */
interface GpuBuffer {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
}
interface GpuPass {
  setPipeline(pipeline: object): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(count: number): void;
  end(): void;
}
interface GpuEncoder {
  beginComputePass(): GpuPass;
  copyBufferToBuffer(
    from: GpuBuffer,
    fromOffset: number,
    to: GpuBuffer,
    toOffset: number,
    size: number,
  ): void;
  finish(): object;
}
interface GpuDevice {
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: Uint32Array): void;
    submit(commands: object[]): void;
  };
  createBuffer(descriptor: { size: number; usage: number }): GpuBuffer;
  createShaderModule(descriptor: { code: string }): object;
  createComputePipelineAsync(descriptor: object): Promise<{ getBindGroupLayout(index: number): object }>;
  createBindGroup(descriptor: object): object;
  createCommandEncoder(): GpuEncoder;
  destroy(): void;
}
interface GpuAdapter {
  requestDevice(): Promise<GpuDevice>;
}
interface Dawn {
  create(options: string[]): { requestAdapter(options?: object): Promise<GpuAdapter | null> };
  globals: object;
}

const STORAGE = 0x80;
const COPY_DST = 0x08;
const COPY_SRC = 0x04;
const MAP_READ = 0x01;

const SHADER = `
@group(0) @binding(0) var<storage, read> request: array<u32>;
@group(0) @binding(1) var<storage, read_write> answer: array<u32>;
@compute @workgroup_size(1) fn main() { answer[0] = request[0] + 1u; }
`;

/** An echo kernel that runs in Dawn. */
export interface WebGpuEcho extends Disposable {
  /** Keeps Dawn alive. */
  readonly gpu: object;
  readonly contender: Contender;
}

/**
 * Opens the echo.
 * @param deviceName the Vulkan device of the other contenders
 * @throws EW_BENCH_SKIPPED if Dawn is not installed or does not use the device
 */
export async function openWebGpuEcho(deviceName: string): Promise<WebGpuEcho> {
  const dawn = await loadDawn();
  Object.assign(globalThis, dawn.globals);
  let device: GpuDevice;
  // It must be kept, because everything made from it dies with it.
  const gpu = dawn.create(["backend=vulkan", `adapter=${deviceName}`]);
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) throw new Error("it has no adapter for the device");
    device = await adapter.requestDevice();
  } catch (error) {
    throw skip(`Dawn does not take ${deviceName}: ${firstLine(error)}`);
  }
  return { contender: await echoContender(device), gpu, [Symbol.dispose]: () => device.destroy() };
}

async function loadDawn(): Promise<Dawn> {
  const packageName: string = "webgpu"; // typed so, because the package need not be there
  try {
    return (await import(packageName)) as Dawn;
  } catch (error) {
    throw skip(
      (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND"
        ? "the npm package webgpu (Dawn) is not installed"
        : `the npm package webgpu cannot be loaded: ${firstLine(error)}`,
    );
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] as string;
}

async function echoContender(device: GpuDevice): Promise<Contender> {
  const request = device.createBuffer({ size: 4, usage: STORAGE | COPY_DST });
  const answer = device.createBuffer({ size: 4, usage: STORAGE | COPY_SRC });
  const readback = device.createBuffer({ size: 4, usage: MAP_READ | COPY_DST });
  const compute = { module: device.createShaderModule({ code: SHADER }), entryPoint: "main" };
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: { buffer: request } },
      { binding: 1, resource: { buffer: answer } },
    ],
  });
  const payload = new Uint32Array(1);
  let result = 0;
  return {
    async run() {
      payload[0] = (payload[0] as number) + 1;
      device.queue.writeBuffer(request, 0, payload);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(answer, 0, readback, 0, 4);
      device.queue.submit([encoder.finish()]);
      await readback.mapAsync(MAP_READ);
      result = new Uint32Array(readback.getMappedRange())[0] as number;
      readback.unmap();
    },
    check: () => expectResult("the echo of a word, plus one", result, (payload[0] as number) + 1),
  };
}
