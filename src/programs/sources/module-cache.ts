/**
 * SPIR-V by source: each is found or compiled once in a process, whoever asks and for whichever device.
 *
 *   this process ──▶ made by the build ──▶ any entry on disk with the same source ──▶ compiler
 *
 * Invariants: a failed compilation is not remembered, so that a corrected file compiles at the next try. Of the modules
 * that were found the last used are kept, within limits; programs that use one keep it themselves.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { nowMs } from "../../base/index.ts";
import { readSpirv, type SpirvModule } from "../../spirv/index.ts";
import { compileExpanded } from "./compile.ts";
import type { ExpandedSource } from "./include.ts";
import { findPrecompiled } from "./precompiled.ts";

/** Where SPIR-V came from. */
export type ProgramOrigin = "compiled" | "precompiled" | "disk" | "remote";

/** A compiled source. */
export interface Program {
  /** What its source and its compiler are known by. */
  readonly key: string;
  readonly spirv: Uint32Array;
  /** What the SPIR-V says about itself; read when first asked for. */
  readonly module: SpirvModule;
  readonly origin: ProgramOrigin;
  /** Milliseconds that the compilation took, now or once; 0 where the build did it. */
  readonly compileMs: number;
}

/** @throws EW_BAD_SPIRV, when `module` is asked for, if it is none */
export function makeProgram(parts: Omit<Program, "module">): Program {
  let module: SpirvModule | undefined;
  return {
    ...parts,
    get module() {
      module ??= readSpirv(parts.spirv);
      return module;
    },
  };
}

/** What whoever asks for a module adds to the search. */
export interface ModuleOptions {
  /** Where else it may be; looked at before it is compiled. */
  readonly elsewhere?: () => Promise<Pick<Program, "spirv" | "compileMs"> | undefined>;
  /** Told when it had to be compiled, for this very question. */
  readonly onCompiled?: (compileMs: number) => void;
}

/** SPIR-V modules of this process, shared by the program caches of all devices. */
export class ModuleCache {
  /** How often something had to be found or made. */
  readonly counters = { compiled: 0, precompiled: 0, reused: 0 };
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #precompiled: string | false;
  readonly #maxCount: number;

  /**
   * @param precompiled where the build put modules, `false` for nowhere
   * @param maxCount modules that are kept for further use
   */
  constructor(precompiled: string | false, maxCount: number) {
    this.#precompiled = precompiled;
    this.#maxCount = maxCount;
  }

  /** Whether the build made the module of a source. */
  hasPrecompiled(sourceKey: string): boolean {
    return this.#precompiled !== false && existsSync(join(this.#precompiled, `${sourceKey}.spv`));
  }

  /**
   * @param moduleId what the module is known by
   * @throws EW_COMPILE; EW_BAD_SPIRV for a damaged module of the build's
   */
  get(
    moduleId: string,
    sourceKey: string,
    expanded: ExpandedSource,
    options: ModuleOptions = {},
  ): Promise<Program> {
    const known = this.#programs.get(moduleId);
    const program = known ?? this.#find(moduleId, sourceKey, expanded, options);
    if (known === undefined) program.catch(() => this.#programs.delete(moduleId));
    this.#programs.delete(moduleId);
    this.#programs.set(moduleId, program); // now the last used
    for (const oldest of this.#programs.keys()) {
      if (this.#programs.size <= this.#maxCount) break;
      this.#programs.delete(oldest);
    }
    return program;
  }

  /** Lets go of all modules. */
  clear(): void {
    this.#programs.clear();
  }

  async #find(
    key: string,
    sourceKey: string,
    expanded: ExpandedSource,
    { elsewhere, onCompiled }: ModuleOptions,
  ): Promise<Program> {
    const built = this.#precompiled === false ? undefined : findPrecompiled(sourceKey, this.#precompiled);
    if (built !== undefined) {
      this.counters.precompiled++;
      return makeProgram({ key, spirv: built, origin: "precompiled", compileMs: 0 });
    }
    const stored = await elsewhere?.();
    if (stored !== undefined) {
      this.counters.reused++;
      return makeProgram({ key, ...stored, origin: "disk" });
    }
    const startMs = nowMs();
    const spirv = await compileExpanded(expanded);
    const compileMs = nowMs() - startMs;
    this.counters.compiled++;
    onCompiled?.(compileMs);
    return makeProgram({ key, spirv, origin: "compiled", compileMs });
  }
}
