/** Files whose content another program gives: the preprocessor of --pre, and what unpacks compressed files (-z). */
export { type Content, Preprocessor, type PreprocessorOptions } from "./preprocessor.ts";
