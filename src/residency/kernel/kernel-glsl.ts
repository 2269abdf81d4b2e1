/** Generates the GLSL that kernel.glsl includes: structs, access to requests and responses, addresses of state. */
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

/** Content words of a completion's vector. The fourth word is the seal. */
export const CONTENT_WORDS_PER_VECTOR = 3;

/** The input of the generated text. */
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
    "// Vectors of a response, including its status.",
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
  const sequence = vectors > 0 ? "  uint sequence = currentFirst + slot;\n" : "";
  return `// The request at this position of the batch. Every thread may call it.
${request.name} requestAt(uint slot) {
${sequence}${load.join("")}  return ${constructed(request, request, 0, word)};
}
`;
}

/** An expression that constructs a value of a type from the words at `at`. */
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
  return `// Answers a request. Exactly one thread of all workgroups calls it, once.
void respond(uint slot, ${response.name} response) {
${completionLines(vectors, (index) => (index === 0 ? "0u" : (words[index - 1] ?? "0u")))}}
`;
}

function endText(vectors: number): string {
  return `// Ends a request with a status instead of a response.
void endRequest(uint slot, uint status) {
${completionLines(vectors, (index) => (index === 0 ? "status" : "0u"))}}

// Ends a request with an error. The caller gets the code (1…65535). Exactly one thread of all workgroups calls it,
// once, instead of respond().
void fail(uint slot, uint code) { endRequest(slot, clamp(code, 1u, 65535u)); }
`;
}

/** Stores the status and the words, in all vectors, because the host waits for all. The loop writes vector 0. */
function completionLines(vectors: number, word: (index: number) => string): string {
  const lines = Array.from({ length: vectors }, (_, vector) => {
    const content = [0, 1, 2].map((part) => word(vector * CONTENT_WORDS_PER_VECTOR + part)).join(", ");
    return `  writeCompletionVector(sequence, ${vector + 1}u, uvec3(${content}));\n`;
  });
  return `  uint sequence = currentFirst + slot;\n${lines.join("")}  countAnswer(slot);\n`;
}

/** For each word of a value, the expression that gives it. */
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
