/** Translates validated functions to the register form. */
export { CodeWriter } from "./code-writer.ts";
export {
  type Binding,
  slotCount,
  slotsOf,
  type TranslatedFunction,
  translateFunction,
} from "./translate-function.ts";
