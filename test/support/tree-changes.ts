/** Random changes of a tree of files, of every kind that a search could miss. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "./cli-random-source.ts";

const FOLDERS = ["", "src", "src/deep", "src/deep/er", "docs", ".hidden", "target", "node_modules/x"];
const FILES = [
  "a.txt",
  "b.rs",
  "c.md",
  "d.log",
  ".dot",
  "e",
  "f g.txt",
  "ünï.txt",
  ".gitignore",
  ".ignore",
  ".rgignore",
];
const RULES = [
  "*.log\n",
  "target/\n",
  "/docs\n",
  "!b.rs\n*.rs\n",
  "a.txt\n",
  "src/deep/\n",
  "",
  "# nothing\n",
  "[z\n",
];
const WORDS = ["needle", "Needle", "hay", "stack", "needles\n", "x".repeat(50), "\n", "\r\n", "42", "ü"];

function text(random: Random): string {
  let made = "";
  for (let count = random.below(random.once(8) ? 4000 : 30); count > 0; count--)
    made += `${random.pick(WORDS)} `;
  return made;
}

function content(random: Random, path: string): string | Buffer {
  if (/\/\.\w*ignore$/.test(path)) return random.pick(RULES);
  if (random.once(12)) return Buffer.from(`${text(random)}\0${text(random)}`);
  if (random.once(15)) return Buffer.from(`\ufeff${text(random)}`, random.once(2) ? "utf16le" : "utf8");
  return text(random);
}

/** Changes one thing in a tree. Everything stays inside of `root`, but for `outside`, where files lie that come in. */
export class TreeChanger {
  readonly #root: string;
  readonly #outside: string;
  readonly #random: Random;

  constructor(root: string, outside: string, random: Random) {
    this.#root = root;
    this.#outside = outside;
    this.#random = random;
    mkdirSync(join(root, ".git/info"), { recursive: true });
  }

  /** @returns what was done, for people */
  step(): string {
    const random = this.#random;
    const name = random.pick(Object.keys(this.changes)) as keyof TreeChanger["changes"];
    try {
      return `${name} ${this.changes[name]()}`;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return `${name} was refused: ${code}`; // a change that cannot be made is a state as well
    }
  }

  private readonly changes = {
    write: () => this.#write(this.#place()),
    writeAgain: () => this.#write(this.#existing() ?? this.#place()),
    append: () => {
      const path = this.#existing() ?? this.#place();
      if (existsSync(path)) appendFileSync(path, text(this.#random));
      return path;
    },
    cut: () => {
      const path = this.#existing();
      if (path !== undefined) truncateSync(path, this.#random.below(40));
      return path;
    },
    sameSizeAndTime: () => {
      const path = this.#existing();
      if (path === undefined) return "";
      const { size, atime, mtime } = lstatSync(path);
      writeFileSync(path, "needle ".repeat(size).slice(0, size));
      utimesSync(path, atime, mtime);
      return path;
    },
    remove: () => {
      const path = this.#existing();
      if (path !== undefined) rmSync(path);
      return path;
    },
    rename: () => {
      const from = this.#existing();
      const to = this.#place();
      mkdirSync(dirname(to), { recursive: true });
      if (from !== undefined) renameSync(from, to);
      return `${from} ${to}`;
    },
    renameFolder: () => {
      const from = this.#folder();
      if (from === this.#root) return "";
      const to = `${this.#folder()}-${this.#random.below(3)}`;
      renameSync(from, to);
      return `${from} ${to}`;
    },
    removeFolder: () => {
      const path = this.#folder();
      if (path !== this.#root) rmSync(path, { recursive: true, force: true });
      return path;
    },
    moveFolderIn: () => {
      const from = join(this.#outside, "in");
      mkdirSync(join(from, "sub"), { recursive: true });
      writeFileSync(join(from, "sub", "a.txt"), text(this.#random));
      writeFileSync(join(from, ".ignore"), this.#random.pick(RULES));
      const to = join(this.#folder(), `in-${this.#random.below(3)}`);
      renameSync(from, to);
      return to;
    },
    link: () => {
      const path = this.#place();
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(this.#random.pick(["a.txt", "../src", this.#outside, "nowhere"]), path);
      return path;
    },
    otherName: () => {
      const from = this.#existing();
      const to = this.#place();
      if (from === undefined) return "";
      linkSync(from, to);
      // A name in a directory that no search has listed is not seen by itself: the head of tree-watch.ts says so.
      utimesSync(from, new Date(), new Date());
      return `${from} ${to}`;
    },
    mode: () => {
      const path = this.#random.once(4) ? this.#folder() : this.#existing();
      if (path !== undefined && path !== this.#root)
        chmodSync(path, this.#random.pick([0o644, 0o755, 0o000]));
      return path;
    },
    exclude: () => this.#write(join(this.#root, ".git/info/exclude"), this.#random.pick(RULES)),
    rulesAbove: () => this.#write(join(dirname(this.#root), ".ignore"), this.#random.pick(RULES)),
    repository: () => {
      const path = join(this.#folder(), ".git");
      if (path === join(this.#root, ".git")) return "";
      if (existsSync(path)) rmSync(path, { recursive: true });
      else mkdirSync(path);
      return path;
    },
  };

  #write(path: string, given?: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, given ?? content(this.#random, path));
    return path;
  }

  /** A place for a file, there or not. */
  #place(): string {
    return join(this.#root, this.#random.pick(FOLDERS), this.#random.pick(FILES));
  }

  #existing(): string | undefined {
    const files = readdirSync(this.#root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes(".git"))
      .map((entry) => join(entry.parentPath, entry.name));
    return files.length === 0 ? undefined : this.#random.pick(files);
  }

  #folder(): string {
    const folders = readdirSync(this.#root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !`${entry.parentPath}/${entry.name}`.includes(".git"))
      .map((entry) => join(entry.parentPath, entry.name));
    return folders.length === 0 ? this.#root : this.#random.pick(folders);
  }
}
