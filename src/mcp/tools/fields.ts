/** Parameters that several tools have, and the flags that they become. */
import { z } from "zod";
import { type ErrorCode } from "../../base/index.ts";

/** How large an answer is where nobody says: some five thousand tokens. */
export const DEFAULT_ANSWER_BYTES = 20_000;
const MIN_ANSWER_BYTES = 500;
const MAX_ANSWER_BYTES = 200_000;
const MAX_LIST = 100;
const MAX_NAME_CHARS = 4_096;

/** Text that can be an argument of a command. */
export const argument = (maxChars: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(maxChars)
    .regex(/^[^\0]*$/, "holds a NUL character");

/** The parameters of a tool. A name that is none of them is an error that lists them. */
export function parameters<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `There is no parameter ${(issue.keys as string[]).join(", ")}. The parameters are ${known}.`
        : undefined,
  });
}

const names = (): z.ZodArray<z.ZodString> => z.array(argument(MAX_NAME_CHARS)).max(MAX_LIST);

/** Which files a tool looks at. */
export const FILE_FIELDS = {
  paths: names()
    .optional()
    .describe(
      "Files or folders to look at, instead of everything. A file that is named is never filtered out.",
    ),
  globs: names()
    .optional()
    .describe(
      "Only files whose path matches one of these, as in .gitignore: `*.ts`, `src/**`. `!` leaves out.",
    ),
  types: names()
    .optional()
    .describe('Only files of these types, by ripgrep\'s names: "ts", "py", "rust", "md".'),
  notTypes: names().optional().describe("No files of these types."),
  hidden: z.boolean().optional().describe("Also files and folders whose names begin with a dot."),
  noIgnore: z.boolean().optional().describe("Also files that .gitignore, .ignore or .rgignore leave out."),
  maxDepth: z.int().min(0).max(10_000).optional().describe("Go down at most so many folders."),
} as const;

/** How large an answer is, and where it begins. */
export const PAGE_FIELDS = {
  maxBytes: z
    .int()
    .min(MIN_ANSWER_BYTES)
    .max(MAX_ANSWER_BYTES)
    .default(DEFAULT_ANSWER_BYTES)
    .describe("How large the answer may be."),
  cursor: z
    .string()
    .max(10_000)
    .optional()
    .describe("From the end of the page before, to continue. Repeat all other arguments with it."),
} as const;

/** What the file fields hold. */
type FileInput = z.output<z.ZodObject<typeof FILE_FIELDS>>;

/** The flags for the file fields, but for the paths. */
export function fileFlags({ globs, types, notTypes, hidden, noIgnore, maxDepth }: FileInput): string[] {
  return [
    ...(globs ?? []).map((glob) => `--glob=${glob}`),
    ...(types ?? []).map((type) => `--type=${type}`),
    ...(notTypes ?? []).map((type) => `--type-not=${type}`),
    ...(hidden === true ? ["--hidden"] : []),
    ...(noIgnore === true ? ["--no-ignore"] : []),
    ...(maxDepth === undefined ? [] : [`--max-depth=${maxDepth}`]),
  ];
}

/** What a model can do about an error of a search. */
export function remedyOf(code: ErrorCode, message: string): string | undefined {
  if (code === "EW_BAD_PATTERN")
    return (
      "Set fixedStrings to search for the pattern as it stands, or put a backslash before the character. " +
      "Patterns are Rust regexes: there is no look-around and no back-reference, and no match across lines"
    );
  if (/file type/.test(message)) return 'Use globs for files that have no type, such as "*.x"';
  if (/glob/.test(message)) return 'Mend the glob. "\\" before a character takes its meaning away';
  return undefined;
}

/** What to say where no file passed the filters. */
export const NOTHING_TO_SEARCH =
  "Look with the files tool, without globs and types. Set hidden or noIgnore for files that are left out otherwise.";
