/**
 * Kernels of compiled functions, one for each function that is called.
 *
 *     never    every call is interpreted
 *     auto     a function is compiled beside its calls, when it was interpreted for a while
 *     always   a call waits for its kernel
 */
import { kernelFile, type ProgramLease, type ProgramRequest, sharedPrograms } from "../../programs/index.ts";
import type { ComputePipeline, Device } from "../../vulkan/index.ts";
import { Compiler } from "../compile/index.ts";
import type { CompileChoice } from "../contracts.ts";
import type { Program } from "../store/index.ts";

/** A function is interpreted for so long before it is compiled. A kernel takes about as long to make. */
const INTERPRETED_MS = 1000;

/** The kernel of a function. */
export interface CompiledKernel {
  readonly pipeline: ComputePipeline;
  /** The interpreter runs instances that have less. */
  readonly leastFuel: number;
}

/** What is known of a function. */
interface Known {
  interpretedMs: number;
  /** Settles when it is clear whether there is a kernel. */
  making: Promise<void> | undefined;
  kernel: CompiledKernel | undefined;
}

/** See the head of this file. */
export class CompiledKernels implements Disposable {
  readonly #device: Device;
  readonly #compiler: Compiler;
  readonly #choice: CompileChoice;
  readonly #known = new Map<number, Known>();
  readonly #leases: ProgramLease[] = [];
  #isDisposed = false;

  constructor(device: Device, program: Program, choice: CompileChoice) {
    this.#device = device;
    this.#compiler = new Compiler(program);
    this.#choice = choice;
  }

  /**
   * The kernel for a call of a function, or undefined: it is interpreted.
   * @throws with "always" what a driver that compiles throws: EW_VULKAN, EW_DEVICE_LOST, EW_NO_ROOM
   */
  async take(number: number): Promise<CompiledKernel | undefined> {
    if (this.#choice === "never") return undefined;
    const known = this.#of(number);
    if (this.#choice === "always") await (known.making ??= this.#make(number, known));
    return known.kernel;
  }

  /** Takes note of how long a call was interpreted. */
  interpreted(number: number, ms: number): void {
    if (this.#choice !== "auto") return;
    const known = this.#of(number);
    known.interpretedMs += ms;
    if (known.interpretedMs < INTERPRETED_MS || known.making !== undefined) return;
    // Calls go on without the kernel, and it is not asked for again.
    known.making = this.#make(number, known).catch((error: unknown) => {
      if (!this.#isDisposed)
        process.emitWarning(`a function of WebAssembly stays interpreted: ${String(error)}`);
    });
  }

  /** Settles when no kernel is being made. */
  async settled(): Promise<void> {
    for (const { making } of this.#known.values()) await making;
  }

  /** Gives the kernels back. None of them may run. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const lease of this.#leases.splice(0)) lease.release();
  }

  #of(number: number): Known {
    let known = this.#known.get(number);
    if (known === undefined) {
      known = { interpretedMs: 0, making: undefined, kernel: undefined };
      this.#known.set(number, known);
    }
    return known;
  }

  async #make(number: number, known: Known): Promise<void> {
    const compiled = this.#compiler.compile(number);
    if (compiled.glsl === undefined) return;
    const lease = await sharedPrograms().acquire(this.#device, compiledRequest(compiled.glsl));
    if (this.#isDisposed) return lease.release();
    this.#leases.push(lease);
    known.kernel = { pipeline: lease.pipeline, leastFuel: compiled.leastFuel };
  }
}

/** The request for the kernel of a compiled program. */
export function compiledRequest(glsl: string): ProgramRequest {
  return {
    file: kernelFile("wasm/kernels/compiled"),
    label: "compiled WebAssembly",
    virtualFiles: { "wasm-program.glsl": glsl },
  };
}
