/**
 * SPIR-V modules by source. Each module is found or compiled once per process, for all callers and devices.
 *
 *   this process ──▶ made by the build ──▶ any entry on disk with the same source ──▶ compiler
 *
 * Invariants: a failed compilation is not remembered, so a corrected file compiles at the next attempt. The cache keeps
 * the most recently used modules within a limit. Programs keep their own reference to a module.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { nowMs } from "../../base/index.ts";
import { readSpirv, type SpirvModule } from "../../spirv/index.ts";
import { compileExpanded } from "./compile.ts";
import type { ExpandedSource } from "./include.ts";
import { findPrecompiled } from "./precompiled.ts";

/** The origin of a SPIR-V module. */
export type ProgramOrigin = "compiled" | "precompiled" | "disk" | "remote";

/** A compiled source. */
export interface Program {
  /** The key of its source and compiler. */
  readonly key: string;
  readonly spirv: Uint32Array;
  /** The parsed module. It is parsed at the first access. */
  readonly module: SpirvModule;
  readonly origin: ProgramOrigin;
  /** Milliseconds of the compilation, now or earlier; 0 if the build compiled it. */
  readonly compileMs: number;
}

/** @throws EW_BAD_SPIRV at the first access of `module`, if the SPIR-V is invalid */
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

/** Options for a single search of a module. */
export interface ModuleOptions {
  /** Another source for the module, which is asked before the module is compiled. */
  readonly elsewhere?: () => Promise<Pick<Program, "spirv" | "compileMs"> | undefined>;
  /** Called if this search had to compile the module. */
  readonly onCompiled?: (compileMs: number) => void;
}

/** SPIR-V modules of this process, shared by the program caches of all devices. */
export class ModuleCache {
  /** How often a module was compiled, found precompiled, and reused from elsewhere. */
  readonly counters = { compiled: 0, precompiled: 0, reused: 0 };
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #precompiled: string | false;
  readonly #maxCount: number;

  /**
   * @param precompiled the folder of precompiled modules, or `false` for none
   * @param maxCount maximum number of kept modules
   */
  constructor(precompiled: string | false, maxCount: number) {
    this.#precompiled = precompiled;
    this.#maxCount = maxCount;
  }

  /** Whether the build compiled a source. */
  hasPrecompiled(sourceKey: string): boolean {
    return this.#precompiled !== false && existsSync(join(this.#precompiled, `${sourceKey}.spv`));
  }

  /**
   * @param moduleId the key of the module
   * @throws EW_COMPILE; EW_BAD_SPIRV for a damaged precompiled module
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
    this.#programs.set(moduleId, program); // moves it to the end: last used
    for (const oldest of this.#programs.keys()) {
      if (this.#programs.size <= this.#maxCount) break;
      this.#programs.delete(oldest);
    }
    return program;
  }

  /** Drops all modules. */
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
