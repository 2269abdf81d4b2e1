/** Printers: what a search found, as bytes. */
export { ByteWriter } from "./byte-writer.ts";
export { type ColorSpecs, DEFAULT_COLOR_SPECS, RESET, applyColorSpec, startSequence } from "./color.ts";
export { createPrinter, showsDetails } from "./create-printer.ts";
export {
  HYPERLINK_ALIASES,
  type Hyperlinks,
  type LinkPart,
  LINK_END,
  LinkTarget,
  parseHyperlinkFormat,
} from "./hyperlink.ts";
export type { PrinterMode, PrinterOptions } from "./options.ts";
export { pathBytes } from "./printer.ts";
export { namesGroup } from "./replace.ts";
export {
  type EngineReport,
  type SearchStats,
  addStats,
  createStats,
  writeStatsBlock,
  writeSummaryMessage,
} from "./stats.ts";
