/** The rule `counter-and-flag-share-a-line`. */
import { type Kernel, Role } from "../analysis/index.ts";
import { type GraphNode, OPCODE_CONSTANT } from "../code/index.ts";
import type { Breach, Rule } from "./rule.ts";

/** Bytes that travel together. */
const LINE_BYTES = 64;

const HEAD = `#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 1) in;
`;

/** Words of the kernel and words of the host lie in different cache lines. */
export const counterAndFlagShareALine: Rule = {
  name: "counter-and-flag-share-a-line",
  severity: "warning",
  summary: "A kernel writes no word in a cache line that the host writes.",
  why:
    "Host and device move whole lines of 64 bytes. Where both write to one line, each takes it away from the other, " +
    "and a store may undo one that came at the same time.",
  remedy: "Put the words of each side into blocks of their own, at multiples of 64 bytes.",
  limits:
    "All memory behind the push constants `control` and `slots` is the host's. In any other struct, a member is the " +
    "host's where a loop waits for it and the kernel never writes it. The rule takes each struct to begin at a " +
    "multiple of 64 bytes.",
  bad: `${HEAD}layout(set = 0, binding = 0) buffer Shared {
  uint stop; // the host writes it
  uint polls; // the kernel writes it, beside
};
void main() {
  while (stop == 0u) polls += 1u;
}
`,
  good: `${HEAD}layout(set = 0, binding = 0) buffer Shared {
  uint stop;
  uint reserved[15];
  uint polls; // in the next line
};
void main() {
  while (stop == 0u) polls += 1u;
}
`,
  check(kernel) {
    const writes = kernel.graph.nodes.filter((node) => kernel.isBufferWrite(node));
    const host = Role.control | Role.slots;
    const inQueue = writes
      .filter((node) => (kernel.memory.roleOf(node.inputs[0]) & host) !== 0)
      .map(({ location }): Breach => ({
        message: "the kernel writes to memory that the host writes",
        location,
      }));
    return [...inQueue, ...besideFlags(kernel, writes)];
  },
};

/** A member of a struct: the struct's type, the index, and where it lies. */
interface Place {
  readonly struct: number;
  readonly index: number;
  readonly name: string;
  readonly offsetBytes: number;
}

function besideFlags(kernel: Kernel, writes: readonly GraphNode[]): Breach[] {
  const written = writes.flatMap((node) => {
    const place = placeOf(kernel, node.inputs[0]);
    return place === undefined ? [] : [{ node, place }];
  });
  const flags = waitedFor(kernel).filter(
    (flag) => !written.some(({ place }) => place.struct === flag.struct && place.index === flag.index),
  );
  kernel.graph.effort.spend(2 * flags.length * written.length);
  return written.flatMap(({ node, place }) => {
    const flag = flags.find(
      ({ struct, offsetBytes }) =>
        struct === place.struct &&
        Math.floor(offsetBytes / LINE_BYTES) === Math.floor(place.offsetBytes / LINE_BYTES),
    );
    if (flag === undefined) return [];
    const [own, other] = [place.name || "a member", flag.name || "a flag"];
    const message = `${own} lies in one cache line with ${other}, which the host writes`;
    return [{ message, location: node.location }];
  });
}

/** Members that a loop waits for. */
function waitedFor(kernel: Kernel): Place[] {
  return kernel.flow.loops.flatMap((loop) => {
    if (kernel.loops.ends(loop)) return [];
    return loop.exits.flatMap(({ from }) => {
      const { condition } = kernel.graph.blocks[from] ?? {};
      if (condition === undefined) return [];
      const loads = kernel.loadsBehind(condition, loop).filter(({ block }) => loop.blocks.has(block));
      return loads.flatMap((load) => placeOf(kernel, load.inputs[0]) ?? []);
    });
  });
}

/** The member of a buffer's struct that a pointer leads to. */
function placeOf({ memory, graph }: Kernel, pointer: GraphNode | undefined): Place | undefined {
  if (!memory.isBuffer(pointer)) return undefined;
  const types = graph.code.module.types;
  const first = memory.firstChainOf(pointer);
  if (first === undefined) return undefined;
  const base = types.get(first.inputs[0]?.type ?? 0);
  const struct = base?.kind === "pointer" ? types.get(base.pointee) : undefined;
  const index = first.inputs[1];
  if (struct?.kind !== "struct" || index?.opcode !== OPCODE_CONSTANT) return undefined;
  const member = struct.struct.members[index.value ?? -1];
  if (member?.offsetBytes === undefined || types.get(member.type)?.kind === "runtimeArray") return undefined;
  return {
    struct: struct.struct.id,
    index: index.value ?? 0,
    name: member.name,
    offsetBytes: member.offsetBytes,
  };
}
