/** References of the kernels: slow, obvious TypeScript for comparison in tests and probes. */
export { patternWord } from "./pattern.ts";
