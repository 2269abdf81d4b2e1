/** Node's own WebAssembly, with the types that the host engine needs. Node 20's type package has none of them. */

/** What an instance exports. */
export type Exported = ((...values: never[]) => unknown) | EngineGlobal | EngineMemory | object;

/** A global that an instance exports. */
export interface EngineGlobal {
  value: unknown;
}

/** A memory that an instance exports. */
export interface EngineMemory {
  readonly buffer: ArrayBuffer;
}

/** What an instance is given. */
export type EngineImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A compiled module. It can be sent to other threads. */
export type EngineModule = object;

/** An instance of a module. */
export interface EngineInstance {
  readonly exports: Readonly<Record<string, Exported>>;
}

interface Engine {
  Module: new (binary: Uint8Array) => EngineModule;
  Instance: new (module: EngineModule, imports?: EngineImports) => EngineInstance;
  readonly RuntimeError: ErrorConstructor;
  readonly CompileError: ErrorConstructor;
  readonly LinkError: ErrorConstructor;
}

/** `WebAssembly` of this process. */
export const NodeEngine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;
