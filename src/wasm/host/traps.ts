/** What the errors of Node's engine mean: the reasons of the specification, and the place in the module as given. */
import type { FleetTrap } from "../contracts.ts";
import { type DecodedModule, opcodeOf } from "../module/index.ts";
import type { Copy } from "./fuel.ts";
import { originalPlace } from "./instrument.ts";
import { NodeEngine } from "./node-engine.ts";

/** What an import threw. */
export class ImportFailure extends Error {}

/** An error of the engine, as threads send it. */
export interface RawTrap {
  readonly kind: "engine" | "stack" | "import";
  readonly message: string;
  /** The innermost function, and the byte of the changed binary; NaN where the engine does not say. */
  readonly index: number;
  readonly offset: number;
}

/**
 * Node's texts. It has one text for some pairs of reasons: then both are named.
 *
 * A table's text depends on the instruction: `call_indirect` has a reason of its own.
 */
const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/unreachable/, "unreachable"],
  [/memory access out of bounds/, "out of bounds memory access"],
  [/data segment.*out of bounds/, "out of bounds memory access"],
  [/(table|element segment).*out of bounds/, "out of bounds table access"],
  [/divide by zero|remainder by zero/, "integer divide by zero"],
  [/divide result unrepresentable/, "integer overflow"],
  [/float unrepresentable/, "integer overflow or invalid conversion to integer"],
  [/null function or function signature/, "uninitialized element or indirect call type mismatch"],
];

const FRAME = /wasm-function\[(\d+)\]:0x([0-9a-f]+)/;

/** The trap that an error of an instance tells of, or undefined where it is none. */
export function rawTrapOf(error: unknown): RawTrap | undefined {
  const isStack = error instanceof RangeError && error.message.includes("call stack");
  const isImport = error instanceof ImportFailure;
  if (!isStack && !isImport && !(error instanceof NodeEngine.RuntimeError)) return undefined;
  const frame = FRAME.exec(error.stack ?? "");
  return {
    kind: isImport ? "import" : isStack ? "stack" : "engine",
    message: error.message,
    index: Number(frame?.[1] ?? NaN),
    offset: Number.parseInt(frame?.[2] ?? "", 16),
  };
}

/** What a trap is, in the module as it was given. */
export function meaningOf(
  raw: RawTrap,
  module: DecodedModule,
  copies: readonly Copy[],
): Omit<FleetTrap, "instance"> {
  const isKnown = module.functions[raw.index]?.body !== undefined;
  const index = isKnown ? raw.index : undefined;
  const place = isKnown ? originalPlace(copies, raw.offset) : undefined;
  if (raw.kind === "engine" && place?.isFuel === true)
    return { reason: "out of fuel", index, offset: place.offset };
  return { reason: reasonOf(raw, instructionAt(module, index, place?.offset)), index, offset: place?.offset };
}

function reasonOf({ kind, message }: RawTrap, instruction: string | undefined): string {
  if (kind === "import") return `a host function failed: ${message}`;
  if (kind === "stack") return "call stack exhausted";
  const reason = REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
  return reason === "out of bounds table access" && instruction === "call_indirect"
    ? "undefined element"
    : reason;
}

/** The name of the instruction that begins at a byte of a function's body. */
function instructionAt(module: DecodedModule, index?: number, offset?: number): string | undefined {
  const body = index === undefined ? undefined : module.functions[index]?.body;
  if (body === undefined || offset === undefined) return undefined;
  const { offsets, opcodes } = module.code;
  let [least, most] = [body.first, body.last];
  while (least < most) {
    const middle = (least + most) >>> 1;
    if (offsets[middle]! < offset) least = middle + 1;
    else most = middle;
  }
  return offsets[least] === offset ? opcodeOf(opcodes[least]!)?.name : undefined;
}
