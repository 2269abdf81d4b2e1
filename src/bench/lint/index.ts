/** How long `everwarp lint` needs for a compiled kernel. */
export { lint } from "./lint.ts";
