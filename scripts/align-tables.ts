/** Tables of Markdown, laid out as the formatter does it. */

const cellsOf = (line: string): string[] =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** A text in which the cells of every table have the same width, to the right where the rule says `--:`. */
export function alignTables(text: string): string {
  return text.replace(/(?:^\|.*\|\n)+/gm, (table) => {
    const rows = table.trimEnd().split("\n").map(cellsOf);
    const [, rule = []] = rows;
    const widths = rule.map((_, column) =>
      Math.max(3, ...rows.map((cells, index) => (index === 1 ? 3 : (cells[column] ?? "").length))),
    );
    const lines = rows.map((cells, index) => {
      const padded = widths.map((width, column) => {
        const isRight = rule[column]?.endsWith(":") === true;
        if (index === 1) return isRight ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
        const cell = cells[column] ?? "";
        return isRight ? cell.padStart(width) : cell.padEnd(width);
      });
      return `| ${padded.join(" | ")} |`;
    });
    return `${lines.join("\n")}\n`;
  });
}
