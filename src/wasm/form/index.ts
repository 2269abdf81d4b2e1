/** The register form: its operations, how instructions are packed, and how instances lie in device memory. */
export { Field, Kind, Lane, Mode, Operation, Saturation, Trap, TRAP_TEXTS } from "./operation.schema.ts";
export {
  FunctionWord,
  Machine,
  NumericAnswer,
  NumericLaunch,
  NumericQuestion,
  RegionWord,
  SegmentWord,
  StateCell,
  Status,
  WasmCopy,
  WasmCounters,
  WasmLaunch,
  WasmTransfer,
} from "./machine.schema.ts";
export {
  C_MAX,
  INSTRUCTION_WORDS,
  type Instruction,
  NO_OPERAND,
  type Operand,
  packInstruction,
  unpackInstruction,
} from "./instruction.ts";
export { type LaneFields, packLanes, unpackLanes } from "./lanes.ts";
