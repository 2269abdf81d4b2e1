/** Memory that host and device share: rings of inputs and outputs, and mirrors of host words in device memory. */
export { MirrorWrite, type WordSpan } from "./mirror-write.ts";
export { PageMirror } from "./page-mirror.ts";
export { NO_ROOM, Ring } from "./ring.ts";
export { type SplitAddress, splitAddress, writeAddress } from "./split-address.ts";
