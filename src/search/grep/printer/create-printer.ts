/** Chooses a printer. */
import type { Matcher } from "../../contracts.ts";
import { JsonPrinter } from "./json.ts";
import type { PrinterOptions } from "./options.ts";
import type { Printer } from "./printer.ts";
import { StandardPrinter } from "./standard.ts";
import { SummaryPrinter } from "./summary.ts";

/** Makes the printer for `options`. */
export function createPrinter(options: PrinterOptions, matcher: Matcher): Printer {
  if (options.quiet) return new SummaryPrinter(options, matcher);
  if (options.mode === "json") return new JsonPrinter(options, matcher);
  if (options.mode === "standard") return new StandardPrinter(options, matcher);
  return new SummaryPrinter(options, matcher);
}

/** True if the printer shows or decides something about files without a match. */
export function showsDetails(options: PrinterOptions): boolean {
  return (
    options.stats || options.mode === "json" || options.mode === "filesWithoutMatch" || options.includeZero
  );
}
