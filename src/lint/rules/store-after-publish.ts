/** The rule `store-after-publish`. */
import { isChain, type Kernel, Role } from "../analysis/index.ts";
import { type GraphNode, Op, reach } from "../code/index.ts";
import { COMPLETIONS_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** The first vector of a completion is stored last. */
export const storeAfterPublish: Rule = {
  name: "store-after-publish",
  severity: "warning",
  summary:
    "The first vector of a completion is stored after all others of the answer, and behind a memory barrier.",
  why:
    "The host takes an answer as soon as it sees the first vector. What is stored later may arrive when the answer " +
    "has been read, or when the slot belongs to another request.",
  remedy: "Store the rest of the answer first, then memoryBarrierBuffer(), then the first vector.",
  limits:
    "A completion is an answer in the queue: a few vectors of four words, behind the push constant `completions`. " +
    "Its first vector lies at a product of `completionVectors`, the others at such a product plus something. In this " +
    "package's queue, each whole vector carries a seal by which the host knows it, so it needs no memory barrier. " +
    "Single words need one.",
  bad: `${COMPLETIONS_HEAD}void main() {
  uint first = gl_WorkGroupID.x * completionVectors;
  if (gl_LocalInvocationIndex != 0u) return;
  Vectors(completions).vectors[gl_WorkGroupID.x * completionVectors] = uvec4(1u);
  Vectors(completions).vectors[gl_WorkGroupID.x * completionVectors + 1u] = uvec4(first); // the host may have read it
}
`,
  good: `${COMPLETIONS_HEAD}void main() {
  uint first = gl_WorkGroupID.x * completionVectors;
  if (gl_LocalInvocationIndex != 0u) return;
  Vectors(completions).vectors[gl_WorkGroupID.x * completionVectors + 1u] = uvec4(first);
  Vectors(completions).vectors[gl_WorkGroupID.x * completionVectors] = uvec4(1u);
}
`,
  check(kernel) {
    const stores = kernel.graph.nodes.flatMap((node) => {
      const kind = kindOf(kernel, node);
      return kind === undefined ? [] : [{ node, kind }];
    });
    const publications = stores.filter(({ kind }) => kind === "publication").map(({ node }) => node);
    const answers = stores.filter(({ kind }) => kind === "answer").map(({ node }) => node);
    kernel.graph.effort.spend(2 * answers.length * publications.length);
    const late = answers.filter((answer) =>
      publications.some((publication) => comesAfter(kernel, publication, answer)),
    );
    const bare = publications.filter((publication) =>
      answers.some((answer) => isWord(kernel, answer) && comesAfter(kernel, answer, publication, true)),
    );
    return [
      ...late.map(({ location }) => ({
        message: "this part of an answer is stored after its first vector",
        location,
      })),
      ...bare.map(({ location }) => ({
        message: "no memory barrier orders this store behind the rest of the answer",
        location,
      })),
    ];
  },
};

/** Whether a store publishes a completion, or is another part of an answer. */
function kindOf({ memory }: Kernel, node: GraphNode): "publication" | "answer" | undefined {
  if (node.opcode !== Op.Store || (memory.roleOf(node.inputs[0]) & Role.completions) === 0) return undefined;
  for (let at = node.inputs[0]; at !== undefined && isChain(at.opcode); at = at.inputs[0])
    for (const index of at.inputs.slice(1)) {
      if ((memory.roleOf(index) & Role.completionSize) === 0) continue;
      if (index.opcode === Op.IMul) return "publication";
      if (index.opcode === Op.IAdd) return "answer";
    }
  return undefined;
}

const isWord = ({ graph }: Kernel, { inputs }: GraphNode): boolean =>
  graph.code.module.types.get(inputs[1]?.type ?? 0)?.kind === "int";

const isFence = ({ opcode }: GraphNode): boolean =>
  opcode === Op.ControlBarrier || opcode === Op.MemoryBarrier;

/** Whether a way leads from one node to the other in the same iteration; if asked, one without a memory barrier. */
function comesAfter(
  { graph, flow }: Kernel,
  first: GraphNode,
  second: GraphNode,
  isUnfenced = false,
): boolean {
  const fenceBetween = (block: number, from: number, to: number): boolean => {
    const { nodes } = graph.blocks[block] ?? { nodes: [] };
    graph.effort.spend(1 + nodes.length);
    return nodes.some((node) => isFence(node) && node.index > from && node.index < to);
  };
  if (first.block === second.block)
    return (
      first.index < second.index && !(isUnfenced && fenceBetween(first.block, first.index, second.index))
    );
  if (
    isUnfenced &&
    (fenceBetween(first.block, first.index, Infinity) || fenceBetween(second.block, -1, second.index))
  )
    return false;
  const forward = (at: number): readonly number[] =>
    (graph.blocks[at]?.successors ?? []).filter((to) => !flow.dominates(to, at));
  const stop = (at: number): boolean => isUnfenced && at !== second.block && fenceBetween(at, -1, Infinity);
  return reach(graph.effort, forward(first.block), forward, stop).includes(second.block);
}
