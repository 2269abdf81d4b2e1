/**
 * What is not run of the scripts in the source of binaryen 108, and why. An entry is a script, or a line
 * at which one of its forms begins.
 */
const LEFT_OUT: readonly (readonly [reason: string, entries: string])[] = [
  [
    "tests of the text format, which wast2json refuses as they want",
    `address-offset-range.fail f32.load32.fail f32.load64.fail f32.store32.fail f32.store64.fail f64.load32.fail
     f64.load64.fail f64.store32.fail f64.store64.fail func-local-after-body.fail func-local-before-param.fail
     func-local-before-result.fail func-param-after-body.fail func-result-after-body.fail func-result-before-param.fail
     i32.load32_s.fail i32.load32_u.fail i32.load64_s.fail i32.load64_u.fail i32.store32.fail i32.store64.fail
     i64.load64_s.fail i64.load64_u.fail i64.store64.fail import-after-func.fail import-after-global.fail
     import-after-memory.fail import-after-table.fail of_string-overflow-hex-u32.fail of_string-overflow-hex-u64.fail
     of_string-overflow-s32.fail of_string-overflow-s64.fail of_string-overflow-u32.fail of_string-overflow-u64.fail`,
  ],
  [
    "memories of 64-bit addresses, which WebAssembly 2.0 does not have",
    `address64 align64 bulk-memory64 endianness64 float_memory64 load64 memory64 memory_grow64 memory_redundancy64
     memory_trap64 old_address64 resizing64`,
  ],
  ["types of garbage collection, which WebAssembly 2.0 does not have", "array i31 ref_cast ref_eq struct"],
  [
    "typed function references, which WebAssembly 2.0 does not have",
    "br_on_null call_ref elem_reftypes:257 ref_as_non_null",
  ],
  ["exceptions, which WebAssembly 2.0 does not have", "exception-handling tags"],
  ["shared memories, which WebAssembly 2.0 does not have", "atomics"],
  ["tuples, which are binaryen's own", "multivalue tuples"],
  ["a function by its name as a value, which only binaryen takes", "old_select:96 old_select:97"],
  [
    "too many operands in code that cannot be reached, which the specification and V8 refuse",
    "old_unreachable",
  ],
  [
    "invalid when the script was written: WebAssembly 2.0 and V8 take several results",
    "func:492 func:496 type:52 type:56",
  ],
  [
    "invalid when the script was written: WebAssembly 2.0 and V8 take several tables",
    "old_import:130 old_import:134",
  ],
  [
    "invalid when the script was written: WebAssembly 2.0 and V8 take labels of several types after a jump",
    "unreached-invalid:538",
  ],
  [
    "the specification had segments checked before any was written; since WebAssembly 2.0 those before stay written",
    "linking:236 linking:248 linking:342 linking:354",
  ],
  ["the script's own module exports the global as one that does not change", "imports:260 imports:315"],
  [
    "the script registers no module M",
    "ref_func:4 ref_func:29 ref_func:30 ref_func:31 ref_func:33 ref_func:34",
  ],
  [
    "needs the older `spectest`, whose `print` and `global_i64` had every type",
    `old_address old_import:3 old_import:36 old_import:37 old_import:48 old_import:90 old_import:91 old_start:78
     old_start:84`,
  ],
  ["wants the payload of a NaN kept; WebAssembly 2.0 allows any arithmetic NaN", "old_float_exprs:608"],
  ["grows a memory to 10,003 pages (625 MiB); the specification allows that growing fails", "resizing:45"],
];

const ENTRIES = LEFT_OUT.flatMap(([reason, entries]) =>
  entries.split(/\s+/).map((entry) => [entry, reason] as const),
);

/** Why a script is left out. */
export const LEFT_OUT_SCRIPTS: ReadonlyMap<string, string> = new Map(
  ENTRIES.filter(([entry]) => !entry.includes(":")),
);

/** Why a form is left out; by the script and the line. */
export const LEFT_OUT_FORMS: ReadonlyMap<string, string> = new Map(
  ENTRIES.filter(([entry]) => entry.includes(":")),
);
