/** References of the kernels: slow, obvious TypeScript that tests and probes compare with. */
export { patternWord } from "./pattern.ts";
