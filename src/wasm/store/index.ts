/** Linked modules: one program, and the contents that its instances begin with. */
export { isWithin, type MemoryImage, type StoreImage, type TableImage } from "./image.ts";
export { layOut, type Program, type ProgramFunction, type ProgramSegment } from "./program.ts";
export { type External, type LinkedModule, Store, type StoreLimits } from "./store.ts";
export { stackNeeds, type StackLimits } from "./stack-needs.ts";
