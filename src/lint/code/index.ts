/** Compiled kernels as graphs: functions, blocks and instructions of a module, calls replaced, and the control flow. */
export { type Code, type CodeBlock, type CodeFunction, decode, type Location } from "./decode.ts";
export { Effort, KEPT } from "./effort.ts";
export { type Flow, flowOf, type Loop, reach } from "./flow.ts";
export {
  type Graph,
  type GraphBlock,
  type GraphNode,
  isWorkgroupBarrier,
  OPCODE_CONSTANT,
  OPCODE_UNKNOWN,
} from "./graph.ts";
export { inlineKernel, locationText } from "./inline.ts";
export { BuiltIn, isAtomic, Op, SCOPE_WORKGROUP, Storage } from "./opcodes.ts";
