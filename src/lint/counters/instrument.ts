/** Puts counters into a compiled kernel: how many threads run each phase, and how long their workgroup waits. */
import { type Code, type Graph, isWorkgroupBarrier, Op, SCOPE_WORKGROUP } from "../code/index.ts";
import { instruction, ModuleEditor } from "../../spirv/index.ts";
import { addCounterFunctions, type CounterFunctions } from "./counter-functions.ts";
import { type CounterLayout, WORD_BYTES } from "./counter-memory.ts";
import type { Phase } from "./phases.ts";

/** Acquire and release, of buffers and of shared memory. */
const SEMANTICS = 0x8 | 0x40 | 0x100;
/** Bits of a barrier's semantics that say in which direction it orders: at most one may be set. */
const ORDER_BITS = 0x1e;
const SCOPES_OF_WORKGROUP_AND_ABOVE: readonly (number | undefined)[] = [0, 1, 2, 5];

/** The instructions that stand before a block's own ones. */
const FIRST: ReadonlySet<number> = new Set([Op.Phi, Op.Variable, Op.Line, Op.NoLine]);

/**
 * The module with counters. The kernel does the same, and is slower.
 *
 * @param graph of the module
 * @param phases some of those of `phasesOf`: the counters of each lie at its place in this list
 * @param counters.address where the device has the counters: zeros, as many bytes as the layout says
 * @throws EW_BAD_SPIRV
 */
export function withCounters(
  words: Uint32Array,
  graph: Graph,
  phases: readonly Phase[],
  { layout, address }: { readonly layout: CounterLayout; readonly address: bigint },
): Uint32Array<ArrayBuffer> {
  const meetings = meetingBlocks(graph, phases);
  const editor = new ModuleEditor(words);
  const functions = addCounterFunctions(editor, layout, address);
  const counted = new Map<number, { phase: number; weight: number }>();
  // The layout has a place for each of these phases: a phase's index may be that of a longer list.
  for (const [phase, { counted: blocks }] of phases.entries())
    for (const [label, weight] of blocks) counted.set(label, { phase, weight });
  const ulong = editor.type(Op.TypeInt, 64, 0);
  const wide = (value: number): number => editor.constant(ulong, value, 0);
  let block = 0;
  /** Of the block, up to the place where it is counted. */
  let label: number | undefined;
  let hasFunction = false;
  for (let at = 5; at < words.length; at += (words[at] ?? 0) >>> 16) {
    const opcode = (words[at] ?? 0) & 0xffff;
    hasFunction ||= opcode === Op.Function;
    if (!hasFunction) continue;
    const own = label === undefined || FIRST.has(opcode) ? undefined : counted.get(label);
    if (own !== undefined) {
      const args = [wide(own.phase * WORD_BYTES), wide(own.weight)];
      editor.insert(at, call(editor, functions, functions.count, args));
    }
    if (opcode === Op.Label) block = label = words[at + 1] ?? 0;
    else if (!FIRST.has(opcode)) label = undefined;
    if (opcode === Op.ControlBarrier && meetings.has(block)) meet(editor, graph.code, functions, words, at);
  }
  return editor.words();
}

/** Labels of blocks with barriers at which subgroups may come that ran a phase since the barrier before. */
function meetingBlocks(graph: Graph, phases: readonly Phase[]): ReadonlySet<number> {
  const own = new Set(phases.flatMap(({ labels }) => [...labels]));
  const meetings = new Set<number>();
  /** Blocks to which threads come that ran a phase. */
  const after = new Set<number>();
  const seen = new Set<number>();
  const open = [0];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const block = graph.blocks[at];
    if (block === undefined) continue;
    seen.add(at);
    let hasRun = after.has(at) || own.has(block.label);
    for (const node of block.nodes) {
      if (!isWorkgroupBarrier(graph, node)) continue;
      if (hasRun) meetings.add(block.label);
      hasRun = false;
    }
    for (const to of block.successors) {
      const isNews = hasRun && !after.has(to);
      if (isNews) after.add(to);
      if (isNews || !seen.has(to)) open.push(to);
    }
  }
  return meetings;
}

function call(
  editor: ModuleEditor,
  functions: CounterFunctions,
  callee: number,
  args: readonly number[] = [],
): number[] {
  return instruction(Op.FunctionCall, functions.void, editor.newId(), callee, ...args);
}

/** Around a barrier of a workgroup, clocks are brought and taken. */
function meet(
  editor: ModuleEditor,
  { constants }: Code,
  functions: CounterFunctions,
  words: Uint32Array,
  at: number,
): void {
  const valueOf = (index: number): number | undefined => constants.get(words[at + index] ?? 0)?.value;
  if ((valueOf(1) ?? SCOPE_WORKGROUP) > SCOPE_WORKGROUP) return;
  const uint = editor.type(Op.TypeInt, 32, 0);
  editor.insert(at, call(editor, functions, functions.bring));
  editor.insert(at + ((words[at] ?? 0) >>> 16), call(editor, functions, functions.take));
  // Counters are in buffers: the barrier orders these too.
  if (!SCOPES_OF_WORKGROUP_AND_ABOVE.includes(valueOf(2)))
    editor.replace(at + 2, editor.constant(uint, SCOPE_WORKGROUP));
  editor.replace(at + 3, editor.constant(uint, ((valueOf(3) ?? 0) & ~ORDER_BITS) | SEMANTICS));
}
