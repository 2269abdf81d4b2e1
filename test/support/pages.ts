/** The code blocks of the documents. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";

export interface CodeBlock {
  readonly language: string;
  /** What stands behind the language: a file's name, or nothing. */
  readonly title: string;
  readonly text: string;
}

/** @param page path in the repository */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(packageRoot(), page), "utf8");
  return [...text.matchAll(/^```(\w+)(?: ([^\n]+))?\n([^]*?)^```$/gm)].map(
    ([, language = "", title = "", content = ""]) => ({ language, title, text: content }),
  );
}

/** What a page says that a program prints. */
export function outputOf(blocks: readonly CodeBlock[], program: string): string | undefined {
  return blocks.find(({ title }) => title === `output of ${program}`)?.text;
}
