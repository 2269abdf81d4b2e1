/**
 * Runs the instances of a fleet on Node's own WebAssembly, in worker threads.
 *
 *   DecodedModule ──instrument──▶ one compiled module ──▶ threads, each with a part of the instances
 *   FleetCall ──rows──▶ each thread its part ──▶ one answer
 *
 * What Node lacks is added to the binary: fuel, a limit on memory, and calls that keep every bit (instrument.ts).
 */
import { availableParallelism } from "node:os";
import { assert, EverwarpError } from "../../base/index.ts";
import type { FleetAnswer, FleetBackend, FleetCall, FleetRequest, FleetTrap } from "../contracts.ts";
import { type DecodedModule, PAGE_BYTES, rowBytes } from "../module/index.ts";
import { importedFunctions } from "../imported-functions.ts";
import type { FillOutcome, PartAnswer } from "./host-instances.ts";
import { InstancesThread } from "./instances-thread.ts";
import { instrument, type Instrumented } from "./instrument.ts";
import { NodeEngine } from "./node-engine.ts";
import { meaningOf } from "./traps.ts";

/** How the host engine is opened. */
export interface HostBackendOptions {
  /** Default: one for each core, and at most one for each instance. */
  readonly threads?: number | undefined;
}

/** The host engine. Open it with `HostBackend.open`. */
export class HostBackend implements FleetBackend {
  readonly #module: DecodedModule;
  readonly #changed: Instrumented;
  readonly #threads: readonly InstancesThread[];

  private constructor(module: DecodedModule, changed: Instrumented, threads: readonly InstancesThread[]) {
    this.#module = module;
    this.#changed = changed;
    this.#threads = threads;
  }

  /**
   * Makes the instances.
   * @throws EW_WASM_LINK for imports that are not given, EW_WASM_TRAP where the start function or a segment traps,
   * EW_WASM_UNSUPPORTED, EW_OUT_OF_HOST_MEMORY with the number of instances that fit, EW_NO_THREAD
   */
  static async open(request: FleetRequest, options: HostBackendOptions = {}): Promise<HostBackend> {
    const { module, instances, maxMemoryPages, startFuel } = request;
    const imports = importedFunctions(module, request.imports);
    const changed = instrument(module, { maxMemoryPages, startFuel });
    const program = {
      compiled: compile(changed),
      prefix: changed.prefix,
      hasMemory: module.memories.length > 0,
    };
    const count = Math.max(1, Math.min(options.threads ?? availableParallelism(), instances));
    const begun = await Promise.allSettled(
      partsOf(instances, count).map((part) => InstancesThread.start(part, program, imports)),
    );
    const threads = begun.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const backend = new HostBackend(module, changed, threads);
    try {
      for (const each of begun) if (each.status === "rejected") throw each.reason;
      await backend.reset();
    } catch (error) {
      await backend.close();
      throw error;
    }
    return backend;
  }

  async reset(): Promise<void> {
    const outcomes = await this.#askAll<FillOutcome>(() => ({ kind: "fill" }));
    for (const { trap } of outcomes) {
      if (trap === undefined) continue;
      const { reason, offset } = meaningOf(trap, this.#module, this.#changed.copies);
      const place = offset === undefined ? "" : `, at byte ${offset}`;
      throw new EverwarpError("EW_WASM_TRAP", `the module traps when it is instantiated: ${reason}${place}`, {
        remedy: "Correct the module, or give it more fuel.",
      });
    }
    const full = outcomes.find((outcome) => outcome.full !== undefined)?.full;
    if (full === undefined) return;
    const made = outcomes.reduce((sum, { count }) => sum + count, 0);
    const asked = this.#threads.reduce((sum, { count }) => sum + count, 0);
    throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", `${asked} instances do not fit on the host: ${full}`, {
      remedy: `${made} fit. Open a smaller fleet, and call it several times.`,
    });
  }

  async call({ index, type, args, fuel }: FleetCall): Promise<FleetAnswer> {
    const { params, results } = type;
    const answers = await this.#askAll<PartAnswer>(({ first, count }) => ({
      kind: "call",
      call: {
        index,
        params,
        results,
        fuel,
        args: args.map((column, place) => {
          const bytes = rowBytes(params[place]!);
          return new Uint8Array(column.subarray(first * bytes, (first + count) * bytes));
        }),
      },
    }));
    return {
      results: results.map((_, place) => joined(answers.map((answer) => answer.results[place]!))),
      isCompiled: true,
      traps: answers.flatMap((answer, thread) =>
        answer.traps.map(({ instance, raw }): FleetTrap => ({
          instance: this.#threads[thread]!.first + instance,
          ...meaningOf(raw, this.#module, this.#changed.copies),
        })),
      ),
    };
  }

  async memoryPages(instance: number): Promise<number> {
    const { thread, place } = this.#threadOf(instance);
    return (await thread.ask<number>({ kind: "size", instance: place })) / PAGE_BYTES;
  }

  read(instance: number, offset: number, length: number): Promise<Uint8Array> {
    const { thread, place } = this.#threadOf(instance);
    return thread.ask({ kind: "read", instance: place, offset, length });
  }

  write(instance: number, offset: number, bytes: Uint8Array): Promise<void> {
    const { thread, place } = this.#threadOf(instance);
    return thread.ask({ kind: "write", instance: place, offset, bytes: new Uint8Array(bytes) });
  }

  async global(instance: number, index: number): Promise<bigint> {
    const { thread, place } = this.#threadOf(instance);
    const { type } = this.#module.globals[index]!;
    const bytes = await thread.ask<Uint8Array>({ kind: "global", instance: place, index, type });
    return bytes.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #askAll<T>(request: (thread: InstancesThread) => Parameters<InstancesThread["ask"]>[0]): Promise<T[]> {
    return Promise.all(this.#threads.map((thread) => thread.ask<T>(request(thread))));
  }

  #threadOf(instance: number): { thread: InstancesThread; place: number } {
    const thread = this.#threads.find(({ first, count }) => instance >= first && instance < first + count);
    assert(thread, `no thread has the instance ${instance}`);
    return { thread, place: instance - thread.first };
  }
}

/** Divides instances into parts that differ by at most one. */
function partsOf(instances: number, count: number): { first: number; count: number }[] {
  const at = (part: number): number => Math.floor((instances * part) / count);
  return Array.from({ length: count }, (_, part) => ({ first: at(part), count: at(part + 1) - at(part) }));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function compile({ binary }: Instrumented): object {
  try {
    return new NodeEngine.Module(binary);
  } catch (cause) {
    throw new EverwarpError(
      "EW_WASM_UNSUPPORTED",
      `Node does not take the module with fuel: ${String(cause)}`,
      {
        remedy: "The module is at a limit of Node's engine: make it smaller.",
        cause,
      },
    );
  }
}
