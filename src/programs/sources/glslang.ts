/** Khronos's GLSL compiler as WebAssembly. It is loaded at the first compilation. */
import { requireDependency } from "../../base/index.ts";

interface Glslang {
  compileGLSL(source: string, stage: "compute", debug: boolean, spirvVersion: "1.5"): Uint32Array;
}
type CreateGlslang = (module: { print: Print; printErr: Print; then?: unknown }) => PromiseLike<Glslang>;
type Print = (line: string) => void;

/** The compiler's output. The compiler prints its error messages and does not return them. */
let printed: string[] = [];
let loading: Promise<Compiler> | undefined;

/** The compiler's answer for one text: SPIR-V, or only messages. */
export interface CompilerAnswer {
  /** Undefined if the source does not compile. */
  spirv: Uint32Array | undefined;
  /** The compiler's messages. */
  log: string;
}

/** Compiles expanded GLSL to SPIR-V 1.5. With `hasLines`, each instruction carries its line. */
export type Compiler = (source: string, hasLines?: boolean) => CompilerAnswer;

/** The compiler: a function from expanded GLSL to SPIR-V 1.5. The first call takes about 100 ms. */
export function glslang(): Promise<Compiler> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Compiler> {
  const create = requireQuietly("@webgpu/glslang") as CreateGlslang;
  const print = (line: string): void => {
    printed.push(line);
  };
  const compiler = await new Promise<Glslang>((resolve) => {
    // The module has a `then` method that resolves to the module itself. An await on it would never end.
    void create({ print, printErr: print }).then((module) => {
      Reflect.deleteProperty(module, "then");
      resolve(module);
    });
  });
  return (source, hasLines = false) => {
    printed = [];
    try {
      return { spirv: compiler.compileGLSL(source, "compute", hasLines, "1.5"), log: printed.join("\n") };
    } catch (error) {
      if (!(error instanceof Error && error.message === "GLSL compilation failed")) throw error;
      return { spirv: undefined, log: printed.join("\n") };
    }
  };
}

/**
 * Loads the module without its effects on the process. The module installs handlers for uncaught exceptions and
 * unhandled rejections, which would change how the whole program fails.
 */
function requireQuietly(name: string): unknown {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = new Map(
    events.map((event) => [event, new Set(process.listeners(event as "uncaughtException"))]),
  );
  const create = requireDependency(name) as CreateGlslang;
  return (options: Parameters<CreateGlslang>[0]) => {
    const module = create(options);
    for (const event of events) {
      for (const listener of process.listeners(event as "uncaughtException")) {
        if (before.get(event)?.has(listener) !== true) process.removeListener(event, listener);
      }
    }
    return module;
  };
}
