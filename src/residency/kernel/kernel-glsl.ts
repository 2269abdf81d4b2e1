/** The GLSL that kernel.glsl includes: structs, reading a request, sending a response, addresses of state. */
import {
  glslLiteral,
  strideOf,
  undocumented,
  type UndocumentedType,
  glslStruct,
  type StructLayout,
} from "../../schema/index.ts";
import { Queue } from "../queue/index.ts";
import { stateFunction, stateBytesConstant } from "./kernel-names.ts";
import type { StateSection } from "./layout-hash.ts";

/** Words of a completion's vector that are content; the fourth is its seal. */
export const CONTENT_WORDS_PER_VECTOR = 3;

/** What the text is made from. */
export interface TextParts {
  request: StructLayout;
  response: StructLayout;
  structs: readonly StructLayout[];
  stateSections: readonly StateSection[];
  requestWords: number;
  responseWords: number;
  responseVectors: number;
}

/** The text of kernel-types.glsl. */
export function typesText(parts: TextParts): string {
  const { request, response, structs, stateSections } = parts;
  return [
    "// kernel-types.glsl: made from the schemas that the kernel was opened with.\n",
    `const uint REQUEST_WORDS = ${parts.requestWords}u;`,
    `const uint RESPONSE_WORDS = ${parts.responseWords}u;`,
    "// Vectors that a response fills, its status in front.",
    `const uint RESPONSE_VECTORS = ${parts.responseVectors}u;\n`,
    ...structs.map(glslStruct),
    requestText(request, parts.requestWords),
    respondText(response, parts.responseVectors),
    endText(parts.responseVectors),
    ...stateSections.map(stateText),
  ].join("\n");
}

function requestText(request: StructLayout, words: number): string {
  const vectors = Math.ceil(Math.max(0, words - Queue.HEADER_WORDS) / 4);
  const load = Array.from(
    { length: vectors },
    (_, index) => `  uvec4 extension${index} = extensionVector(sequence, ${index}u);\n`,
  );
  const word = (index: number): string => {
    const beyond = index - Queue.HEADER_WORDS;
    return beyond < 0 ? `headerWord(slot, ${index}u)` : `extension${beyond >> 2}.${"xyzw"[beyond & 3]}`;
  };
  return `// The request in hand. Every thread may call it.
${request.name} requestAt(uint slot) {
${vectors > 0 ? "  uint sequence = currentFirst + slot;\n" : ""}${load.join("")}  return ${constructed(request, request, 0, word)};
}
`;
}

/** An expression that makes a value of a type from the words at `at`. */
function constructed(
  type: UndocumentedType,
  of: StructLayout,
  at: number,
  word: (index: number) => string,
): string {
  switch (type.kind) {
    case "u32":
      return word(at);
    case "i32":
      return `int(${word(at)})`;
    case "f32":
      return `uintBitsToFloat(${word(at)})`;
    case "u64":
      return `packUint2x32(uvec2(${word(at)}, ${word(at + 1)}))`;
    case "struct": {
      const fields = Object.entries(type.fields).map(([name, documented]) =>
        constructed(undocumented(documented), type, at + (type.words[name] ?? 0), word),
      );
      return `${type.name}(${fields.join(", ")})`;
    }
    case "array": {
      const strideWords = strideOf(type.element, of.rule) / 4;
      const elements = Array.from({ length: type.count ?? 0 }, (_, index) =>
        constructed(type.element, of, at + index * strideWords, word),
      );
      return `${ELEMENT_NAMES[type.element.kind] ?? (type.element as StructLayout).name}[](${elements.join(", ")})`;
    }
    case "padding":
      return `uint[](${Array.from({ length: type.sizeBytes / 4 }, () => "0u").join(", ")})`;
  }
}

const ELEMENT_NAMES: Readonly<Record<string, string>> = {
  u32: "uint",
  i32: "int",
  f32: "float",
  u64: "uint64_t",
};

function respondText(response: StructLayout, vectors: number): string {
  const words: string[] = [];
  deconstruct(response, response, 0, "response", (index, expression) => {
    words[index] = expression;
  });
  return `// Answers a request: by one thread of all, once.
void respond(uint slot, ${response.name} response) {
${completionLines(vectors, (index) => (index === 0 ? "0u" : (words[index - 1] ?? "0u")))}}
`;
}

function endText(vectors: number): string {
  return `// Ends a request with a status in place of a response.
void endRequest(uint slot, uint status) {
${completionLines(vectors, (index) => (index === 0 ? "status" : "0u"))}}

// Ends a request with an error, whose code (1…65535) the caller is told: by one thread of all, once, in place of
// respond.
void fail(uint slot, uint code) { endRequest(slot, clamp(code, 1u, 65535u)); }
`;
}

/** Stores of status and words, every vector of them: the host waits for all. Vector 0 of a completion is the loop's. */
function completionLines(vectors: number, word: (index: number) => string): string {
  const lines = Array.from({ length: vectors }, (_, vector) => {
    const content = [0, 1, 2].map((part) => word(vector * CONTENT_WORDS_PER_VECTOR + part)).join(", ");
    return `  writeCompletionVector(sequence, ${vector + 1}u, uvec3(${content}));\n`;
  });
  return `  uint sequence = currentFirst + slot;\n${lines.join("")}  countAnswer(slot);\n`;
}

/** Tells which expression gives each word of a value. */
function deconstruct(
  type: UndocumentedType,
  of: StructLayout,
  at: number,
  path: string,
  emit: (index: number, expression: string) => void,
): void {
  switch (type.kind) {
    case "u32":
      return emit(at, path);
    case "i32":
      return emit(at, `uint(${path})`);
    case "f32":
      return emit(at, `floatBitsToUint(${path})`);
    case "u64":
      emit(at, `unpackUint2x32(${path}).x`);
      return emit(at + 1, `unpackUint2x32(${path}).y`);
    case "struct":
      for (const [name, documented] of Object.entries(type.fields)) {
        deconstruct(undocumented(documented), type, at + (type.words[name] ?? 0), `${path}.${name}`, emit);
      }
      return;
    case "array": {
      const strideWords = strideOf(type.element, of.rule) / 4;
      for (let index = 0; index < (type.count ?? 0); index++)
        deconstruct(type.element, of, at + index * strideWords, `${path}[${index}]`, emit);
      return;
    }
    case "padding":
  }
}

function stateText({ name, offsetBytes, sizeBytes }: StateSection): string {
  const bytes = glslLiteral(name, sizeBytes > 0xffff_ffff ? BigInt(sizeBytes) : sizeBytes);
  return `const ${bytes.type} ${stateBytesConstant(name)} = ${bytes.literal};
uint64_t ${stateFunction(name)}() { return launch.state + ${offsetBytes}ul; }
`;
}

// ── Hash ──
