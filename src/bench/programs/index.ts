/** What the program cache saves at the first request. */
export { type BesideAnswer, type ChildJob, answerChild } from "./child.ts";
export { programs } from "./programs.ts";
