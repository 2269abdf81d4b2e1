/** Values that no argument of a kind allows: what callers without types, and callers with bad luck, give. */

const huge = (): unknown => {
  const value: Record<string, unknown> = { text: "x".repeat(100_000) };
  value["self"] = value;
  return value;
};
/** Throws whatever is done to it. */
const trapped = (): unknown =>
  new Proxy(
    {},
    new Proxy(
      {},
      {
        get: () => () => {
          throw new Error("a trap");
        },
      },
    ),
  );
/** What no argument of any kind is. */
const NOTHING: readonly unknown[] = [Symbol("s"), 1n, 2n ** 5000n];
const OBJECTS: readonly unknown[] = [{}, [], huge(), trapped(), Object.create(null), new Date(Number.NaN)];
const PRIMITIVES: readonly unknown[] = [null, "x", "", 0, 1.5, Number.NaN, true];

const WHOLE: readonly unknown[] = [
  ...NOTHING,
  ...OBJECTS,
  () => 1,
  null,
  "1",
  true,
  1.5,
  -1,
  Number.NaN,
  -Infinity,
  2 ** 53,
];

export const BAD_VALUES = {
  whole: [...WHOLE, Infinity],
  wholeOrInfinity: WHOLE,
  u32: [...WHOLE, Infinity, 2 ** 32, 2 ** 32 + 1],
  duration: [...NOTHING, ...OBJECTS, null, "1", true, -1, Number.NaN, -Infinity, () => 1],
  share: [...NOTHING, ...OBJECTS, null, "1", true, -1, 0, 1.1, Number.NaN, Infinity],
  boolean: [...NOTHING, ...OBJECTS, null, "true", 0, 1, Number.NaN],
  text: [...NOTHING, ...OBJECTS, null, 5, true, Number.NaN, () => "x"],
  fullText: [...NOTHING, ...OBJECTS, null, 5, true, "", "a\0b"],
  list: [
    ...NOTHING,
    ...PRIMITIVES,
    {},
    huge(),
    trapped(),
    new Set(["x"]),
    [5],
    [null],
    ["x", Symbol("s")],
    [undefined],
  ],
  record: [...NOTHING, ...PRIMITIVES, [], trapped(), { x: null }, { x: Symbol("s") }],
  fuel: [...OBJECTS, ...PRIMITIVES, Symbol("s"), 0n, -1n, 2n ** 63n, 2n ** 5000n],
  callback: [...NOTHING, ...OBJECTS, ...PRIMITIVES],
  instance: [...NOTHING, ...OBJECTS, ...PRIMITIVES],
  device: [...NOTHING, ...OBJECTS, null, "", "  ", -1, 1.5, Number.NaN, Infinity, true],
  choice: [...NOTHING, ...OBJECTS, null, "", "turbo", 5, true],
  path: [
    ...NOTHING,
    ...OBJECTS,
    null,
    5,
    true,
    Number.NaN,
    new Uint16Array(2),
    new DataView(new ArrayBuffer(2)),
  ],
  options: [...NOTHING, ...PRIMITIVES, [], () => 1, trapped()],
} satisfies Record<string, readonly unknown[]>;

export type Kind = keyof typeof BAD_VALUES;

/** The options that say which files of a tree are meant. */
export const TREE_OPTION_KINDS = {
  allText: "boolean",
  cwd: "fullText",
  hidden: "boolean",
  noIgnoreDot: "boolean",
  noIgnoreVcs: "boolean",
  noIgnoreGlobal: "boolean",
  noIgnoreExclude: "boolean",
  noIgnoreParent: "boolean",
  noIgnoreFiles: "boolean",
  requireGit: "boolean",
  ignoreFileCaseInsensitive: "boolean",
  ignoreFiles: "list",
  globs: "list",
  iglobs: "list",
  globCaseInsensitive: "boolean",
  types: "list",
  maxDepth: "wholeOrInfinity",
  maxFilesizeBytes: "wholeOrInfinity",
  follow: "boolean",
  oneFileSystem: "boolean",
  sort: "choice",
} as const;
