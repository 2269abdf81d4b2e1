/**
 * A folder that goes through a cycle of states, each one system call after the last. So at every moment it is in one
 * of them, and what a search finds in each can be known before. No file changes while it is ignored: a search that had
 * listed it before would then show what no state has.
 *
 *     state 0 ──replace a file──▶ 1 ──a new file──▶ 2 ──append──▶ … ──▶ 0
 */
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The name of the folder in its tree. */
export const CHANGING = "everwarp-changing";

/** A word that only files of the folder have. */
export const NEEDLE = "zzqqxxyy";

const LINES = 40;

/** See the head of this file. */
export class ChangingFolder {
  readonly #folder: string;
  /** Beside the tree, in the same file system: what comes into the folder is made here, and moved. */
  readonly #aside: string;
  readonly #steps: readonly (() => void)[];
  #made = 0;

  /** @param aside a folder outside of the tree, in its file system */
  constructor(tree: string, aside: string) {
    this.#folder = join(tree, CHANGING);
    this.#aside = aside;
    mkdirSync(join(this.#folder, "below"), { recursive: true });
    for (const name of ["a.c", "b.c", "c.h", "d.c", "e.txt", "below/f.c"])
      writeFileSync(join(this.#folder, name), textOf(name, 1));
    this.#steps = this.#cycle();
  }

  /** States of the cycle. */
  get stateCount(): number {
    return this.#steps.length;
  }

  /** Goes from state `index − 1` to state `index`, which are counted on and on. */
  step(index: number): void {
    this.#steps[(index - 1) % this.#steps.length]?.();
  }

  #cycle(): (() => void)[] {
    const at = (name: string): string => join(this.#folder, name);
    const aside = (name: string): string => join(this.#aside, name);
    const put = (name: string, version: number) => (): void =>
      renameSync(this.#fresh(textOf(name, version)), at(name));
    const move = (from: string, to: string) => (): void => renameSync(from, to);
    const remove = (name: string) => (): void => rmSync(at(name));
    const folder = aside("folder");
    mkdirSync(join(folder, "deep"), { recursive: true });
    for (const name of ["deep/g.c", "h.c"]) writeFileSync(join(folder, name), textOf(name, 1));
    return [
      put("a.c", 2),
      put("new.c", 1),
      () => appendFileSync(at("b.c"), `${NEEDLE} appended return\n`),
      remove("c.h"),
      move(at("d.c"), at("moved.c")),
      () => renameSync(this.#fresh("e.txt\nbelow/\n"), at(".ignore")),
      move(folder, at("folder")),
      remove(".ignore"),
      put("below/f.c", 2),
      () => writeFileSync(at("empty.c"), ""),
      move(at("folder"), folder),
      remove("empty.c"),
      put("c.h", 1),
      move(at("moved.c"), at("d.c")),
      put("b.c", 1),
      remove("new.c"),
      put("below/f.c", 1),
      put("a.c", 1),
    ];
  }

  #fresh(text: string): string {
    const path = join(this.#aside, `fresh-${++this.#made}`);
    writeFileSync(path, text);
    return path;
  }
}

/** A text that names its file and its version in lines here and there. */
function textOf(name: string, version: number): string {
  const lines = Array.from({ length: LINES }, (_, line) =>
    line % 8 === version
      ? `int ${NEEDLE}_${line} = ${version}; /* Virtio_blk of ${name}, deadlock */`
      : `static int value_${line} = ${line * version};`,
  );
  return `${lines.join("\n")}\n`;
}
