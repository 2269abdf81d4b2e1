/**
 * Makes docs/live.svg: `everwarp live` on this repository, as tmux shows it. Needs tmux and a built `dist/`.
 *
 *   npx tsx scripts/picture-live.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/base/package-root.ts";
import { Window } from "../test/support/multiplexer.ts";

const COLUMNS = 80;
const ROWS = 24;
const PATTERN = "roundTrip(s|Us)";
const CELL_WIDTH = 8.4;
const LINE_HEIGHT = 18;
const MARGIN = 12;
const BACKGROUND = "#16181d";
const FOREGROUND = "#d4d7dd";
const COLORS = [
  "#3b4048",
  "#ff6b6b",
  "#7ec87e",
  "#e6c35c",
  "#6ca8ff",
  "#c792ea",
  "#5fc9d6",
  FOREGROUND,
] as const;

/** How a piece of text looks: what SGR parameters have set. */
interface Look {
  color: string;
  isBold: boolean;
  isFaint: boolean;
  isReversed: boolean;
}

const plain = (): Look => ({ color: FOREGROUND, isBold: false, isFaint: false, isReversed: false });

function applied(look: Look, code: number): Look {
  if (code === 0) return plain();
  if (code === 1) return { ...look, isBold: true };
  if (code === 2) return { ...look, isFaint: true };
  if (code === 7) return { ...look, isReversed: true };
  if (code === 22) return { ...look, isBold: false, isFaint: false };
  if (code === 27) return { ...look, isReversed: false };
  if (code === 39) return { ...look, color: FOREGROUND };
  if (code >= 30 && code <= 37) return { ...look, color: COLORS[code - 30] ?? FOREGROUND };
  return look;
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

/** One piece of text, and the ground below it where it is reversed. */
function piece(text: string, column: number, row: number, look: Look): string {
  const x = (MARGIN + column * CELL_WIDTH).toFixed(1);
  const y = MARGIN + row * LINE_HEIGHT;
  const width = (text.length * CELL_WIDTH).toFixed(1);
  const ground = look.isReversed
    ? `<rect x="${x}" y="${y}" width="${width}" height="${LINE_HEIGHT}" fill="${look.color}"/>\n`
    : "";
  const attributes = [
    `x="${x}" y="${y + 13}" textLength="${width}"`,
    `fill="${look.isReversed ? BACKGROUND : look.color}"`,
    look.isBold ? 'font-weight="bold"' : "",
    look.isFaint ? 'opacity="0.6"' : "",
  ];
  return `${ground}<text ${attributes.filter((each) => each !== "").join(" ")}>${escaped(text)}</text>\n`;
}

/** A screen with SGR sequences as a picture. */
function pictureOf(screen: string): string {
  let body = "";
  let look = plain();
  for (const [row, line] of screen.split("\n").slice(0, ROWS).entries()) {
    let column = 0;
    // Every piece but the first begins with the parameters of an SGR sequence.
    for (const [index, part] of line.split("\u001b[").entries()) {
      const end = index === 0 ? -1 : part.indexOf("m");
      if (index > 0) look = part.slice(0, end).split(";").map(Number).reduce(applied, look);
      const text = part.slice(end + 1);
      if (text !== "") body += piece(text, column, row, look);
      column += text.length;
    }
  }
  const width = Math.ceil(COLUMNS * CELL_WIDTH + 2 * MARGIN);
  const height = ROWS * LINE_HEIGHT + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>everwarp live: a pattern, its hits by file, the lines around one of them, and the times</title>
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace" font-size="14" xml:space="preserve">
${body}</g>
</svg>
`;
}

const root = packageRoot();
const program = join(root, "bin/everwarp.cjs");
const window = new Window(
  `cd '${root}'; '${process.execPath}' '${program}' live --device cpu src docs`,
  { XDG_STATE_HOME: "/nonexistent" },
  { columns: COLUMNS, rows: ROWS },
);
try {
  await window.untilShown(/\d files?, /);
  for (const character of PATTERN) {
    window.type(character);
    await window.until((rows) => rows[0]?.endsWith(character) === true);
  }
  window.keys("Down", "Down");
  await window.until((rows) => /^[\d,]+ hits in \d+ files/.test(rows.at(-1) ?? ""));
  await window.until((rows) => rows.some((row) => row.startsWith("▌") && !row.startsWith("▌   1:")));
  writeFileSync(join(root, "docs/live.svg"), pictureOf(window.colored));
} finally {
  window.close();
}
