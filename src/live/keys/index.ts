/** What a terminal sends: bytes in, keys, clicks and pasted texts out. */
export { KeyDecoder } from "./decoder.ts";
export { type InputEvent, type KeyEvent, type KeyName } from "./events.ts";
