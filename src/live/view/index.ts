/** From the state to the lines of the screen. Pure, but for the text of hits, which is read when it is shown. */
export { type Frame, frameOf, type Timing } from "./frame.ts";
