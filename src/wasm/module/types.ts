/** The types of WebAssembly 2.0, as the numbers that stand for them in a binary. */

/** The numbers of the value types in a binary. */
export const VALUE_TYPE = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const;

/** The name of a value type. */
export type ValueTypeName = keyof typeof VALUE_TYPE;

/** A value type: the number that stands for it in a binary. */
export type ValueType = (typeof VALUE_TYPE)[ValueTypeName];

/** A type of references. */
export type ReferenceType = typeof VALUE_TYPE.funcref | typeof VALUE_TYPE.externref;

const NAMES = new Map(Object.entries(VALUE_TYPE).map(([name, code]) => [code, name as ValueTypeName]));

/** The name of a value type. */
export function typeName(type: ValueType): ValueTypeName {
  return NAMES.get(type)!;
}

/** Whether a byte stands for a value type. */
export function isValueType(byte: number): byte is ValueType {
  return NAMES.has(byte as ValueType);
}

/** Whether a byte stands for a type of references. */
export function isReferenceType(byte: number): byte is ReferenceType {
  return byte === VALUE_TYPE.funcref || byte === VALUE_TYPE.externref;
}

/** How many bytes a value has. A reference has none that anybody sees. */
export function rowBytes(type: ValueType): number {
  if (type === VALUE_TYPE.v128) return 16;
  return type === VALUE_TYPE.i64 || type === VALUE_TYPE.f64 ? 8 : 4;
}

/** What a function takes and gives. */
export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Whether two function types are the same. */
export function isSameFunctionType(one: FunctionType, other: FunctionType): boolean {
  return isSameList(one.params, other.params) && isSameList(one.results, other.results);
}

/** Whether two lists have the same types in the same order. */
export function isSameList(one: readonly ValueType[], other: readonly ValueType[]): boolean {
  return one.length === other.length && one.every((type, index) => type === other[index]);
}

/** The block type `[] -> []`, as a word of an instruction: see `Immediate`. */
export const NO_RESULT = -0x40;

/** The type of a block by its word; undefined for a type that the module does not have. */
export function blockType(types: readonly FunctionType[], word: number): FunctionType | undefined {
  if (word >= 0) return types[word];
  return { params: [], results: word === NO_RESULT ? [] : [(word + 0x80) as ValueType] };
}

/** A function type as text: `[i32 i64] -> [f32]`. */
export function functionTypeText(type: FunctionType): string {
  return `[${type.params.map(typeName).join(" ")}] -> [${type.results.map(typeName).join(" ")}]`;
}

/** How large something may be: in pages of 64 KiB for memories, in elements for tables. */
export interface Limits {
  readonly minimum: number;
  /** Undefined where the module names no limit. */
  readonly maximum: number | undefined;
}

/** A type of tables. */
export interface TableType extends Limits {
  readonly element: ReferenceType;
}

/** Bytes of a page of memory. A memory may have 2^32 bytes: no shift of 32 bits counts them. */
export const PAGE_BYTES = 65_536;

/** A type of memories: its limits in pages of 64 KiB. */
export type MemoryType = Limits;

/** A type of globals. */
export interface GlobalType {
  readonly type: ValueType;
  readonly isMutable: boolean;
}
