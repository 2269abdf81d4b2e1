/** Types for the used parts of WebAssembly. Node 20's type package has none of them. */

/** Shared linear memory. After `grow`, `buffer` is a new object for the same bytes; older objects stay valid. */
export interface LinearMemory {
  readonly buffer: SharedArrayBuffer;
  /** @returns the previous size in pages */
  grow(pages: number): number;
}

declare const compiled: unique symbol;
/** A compiled WebAssembly module. It can be sent to other threads. */
export interface CompiledModule {
  readonly [compiled]: true;
}

interface Runtime {
  Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => LinearMemory;
  validate(binary: Uint8Array): boolean;
  Module: new (binary: Uint8Array) => CompiledModule;
  Instance: new (
    module: CompiledModule,
    imports: { env: { memory: LinearMemory } },
  ) => { readonly exports: unknown };
}

/** `WebAssembly`, with the types that everwarp needs. */
export const WebAssemblyRuntime = (globalThis as unknown as { WebAssembly: Runtime }).WebAssembly;
