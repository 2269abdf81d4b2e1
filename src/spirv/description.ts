/** What a SPIR-V module says about itself, as data. */

/** A type as far as memory layout knows types. */
export type SpirvType =
  | { readonly kind: "int"; readonly bits: number; readonly signed: boolean }
  | { readonly kind: "float"; readonly bits: number }
  | { readonly kind: "bool" }
  | { readonly kind: "vector"; readonly element: number; readonly count: number }
  | { readonly kind: "matrix"; readonly column: number; readonly count: number }
  | {
      readonly kind: "array";
      readonly element: number;
      /** Undefined when the length is no plain constant. */
      readonly count: number | undefined;
      readonly strideBytes: number | undefined;
    }
  | { readonly kind: "runtimeArray"; readonly element: number; readonly strideBytes: number | undefined }
  | { readonly kind: "pointer"; readonly storageClass: number; readonly pointee: number }
  | { readonly kind: "struct"; readonly struct: SpirvStruct }
  | { readonly kind: "other" };

/** A member of a struct: its type and where it lies. */
export interface SpirvMember {
  /** Empty in a module stripped of its names. */
  readonly name: string;
  /** Id of the type, to be looked up in `types`. */
  readonly type: number;
  readonly offsetBytes: number | undefined;
  readonly matrixStrideBytes: number | undefined;
}

/** A struct: its members and where each lies. */
export interface SpirvStruct {
  readonly id: number;
  readonly name: string;
  readonly members: readonly SpirvMember[];
  /** Whether it is the type of a buffer block. */
  readonly isBlock: boolean;
}

/** A function that a pipeline can begin with. */
export interface SpirvEntryPoint {
  readonly name: string;
  readonly isCompute: boolean;
  /** Threads of a workgroup in x, y, z with the defaults of specialization constants; undefined when not stated. */
  readonly localSize: readonly [number, number, number] | undefined;
  /** The constant_id that decides each dimension, where one does. */
  readonly localSizeSpecIds: readonly [number | undefined, number | undefined, number | undefined];
}

/** A descriptor that the module asks for. */
export interface SpirvBinding {
  readonly name: string;
  readonly set: number;
  readonly binding: number;
  readonly storageClass: number;
}

/** A constant that a pipeline can set. */
export interface SpirvSpecConstant {
  /** The constant_id. */
  readonly specId: number;
  readonly name: string;
  readonly type: SpirvType;
  /** The default as its 32-bit word (bools: 0 or 1); undefined for wider constants. */
  readonly defaultWord: number | undefined;
}

/** What a SPIR-V module says about itself. */
export interface SpirvModule {
  /** Such as "1.5". */
  readonly version: string;
  readonly entryPoints: readonly SpirvEntryPoint[];
  readonly types: ReadonlyMap<number, SpirvType>;
  readonly structs: readonly SpirvStruct[];
  readonly bindings: readonly SpirvBinding[];
  readonly pushConstants: SpirvStruct | undefined;
  readonly specConstants: readonly SpirvSpecConstant[];
  readonly capabilities: readonly number[];
}
