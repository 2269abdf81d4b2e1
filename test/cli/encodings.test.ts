/**
 * Encodings beside ripgrep: every label, every sequence of one and two bytes in every encoding, and random bytes in pieces.
 *
 * Where the WHATWG Encoding Standard and ripgrep differ, the standard counts, and the test says so.
 */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allEncodingLabels, encodingName } from "../../src/search/content/encoding-labels.ts";
import { DecodingReader, loadDecoder } from "../../src/search/content/encoding.ts";
import type { ByteReader } from "../../src/search/content/reader.ts";
import { difference, Dir, runHere } from "../support/cli.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const NAMES = [...new Set(allEncodingLabels().map((label) => encodingName(label) as string))];
const { numRuns: RUNS } = propertyRuns(3);
const SEED = propertySeed();
/** How output is asked for that has nothing but the decoded text. */
const PLAIN = ["-a", "-N", "-I"];
const REPLACEMENT = "\ufffd";

/** Every byte, and every pair of bytes with a letter behind it, each on its own line. */
function allSequences(): Buffer {
  const lines: number[] = [];
  for (let first = 0; first < 256; first++) {
    if (first === 10) continue;
    lines.push(first, 10);
    for (let second = 0; second < 256; second++) if (second !== 10) lines.push(first, second, 0x63, 10);
  }
  return Buffer.from(lines);
}

/** Bytes from the ranges in which encodings of several bytes have theirs. */
function randomBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) {
    const kind = random.below(8);
    if (kind === 0) bytes[at] = 10;
    else if (kind === 1) bytes[at] = random.below(256);
    else if (kind === 2) bytes[at] = 0x30 + random.below(10);
    else if (kind === 3) bytes[at] = random.pick([0x1b, 0x24, 0x28, 0x42, 0x4a, 0x49, 0x8e, 0x8f]);
    else bytes[at] = 0x80 + random.below(128);
  }
  // A cut-off character at the end is a test of its own.
  return Buffer.concat([bytes, Buffer.from("\x1b(B\n\n\n\n")]);
}

let dir: Dir;
beforeAll(() => {
  dir = new Dir("encodings").file("all", allSequences()).file("text", "foo\n");
});
afterAll(() => {
  dir.remove();
});

describe("labels", () => {
  it("are those of the standard, in any case and between spaces, and no others", async () => {
    // The standard has 228, of which six stand for "replacement", which ripgrep refuses.
    expect(allEncodingLabels()).toHaveLength(222);
    const others = [
      "replacement",
      "iso-2022-kr",
      "utf 8",
      "",
      " ",
      "NONE",
      "Auto",
      "none ",
      "\u212aoi8-r",
      "latin-1",
    ];
    const spelled = [" UTF-8 ", "\tLatin1\n", "Shift_JIS", "GB2312"];
    for (const label of [...allEncodingLabels(), ...others, ...spelled])
      expect(await difference(dir, ["-E", label, "foo", "text"]), label).toBeUndefined();
  });
});

describe.each(NAMES)("%s", (name) => {
  it("decodes every sequence of one and two bytes as ripgrep does", async () => {
    expect(await difference(dir, [...PLAIN, "-E", name, "", "all"])).toBeUndefined();
    // A lead byte without a fitting trail does not swallow the letter behind it.
    expect(await difference(dir, ["-E", name, "-a", "-c", "c$", "all"])).toBeUndefined();
  });

  it("decodes random bytes as ripgrep does, whole and in pieces", async () => {
    await loadDecoder(name);
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(SEED + run);
      const bytes = randomBytes(random, 2_000 + random.below(4_000));
      dir.file("random", bytes);
      // The answer of an earlier run is of another file.
      const theirs = decodedByRipgrep(dir, name, "random");
      const ours = (await runHere(dir.path, [...PLAIN, "-E", name, "", "random"])).stdout;
      expect(ours.equals(theirs), `seed ${SEED + run}`).toBe(true);
      const inPieces = decodeInPieces(bytes, name, random);
      expect(lineEnded(inPieces).equals(theirs), `in pieces, seed ${SEED + run}`).toBe(true);
    }
  });

  it("has a replacement character for a character that the end of the file cuts off", async () => {
    for (let last = 0x81; last < 0x100; last += 18) {
      // So short a file ripgrep decodes as the standard says; see below.
      dir.file("cut", Buffer.from([0x61, 0x0a, 0x61, last]));
      const ours = (await runHere(dir.path, [...PLAIN, "-E", name, "", "cut"])).stdout;
      expect(ours.equals(decodedByRipgrep(dir, name, "cut")), `${last}`).toBe(true);
    }
  });
});

describe("a character that is cut off in a longer file", () => {
  // The standard: at the end of the queue a lead byte is an error. ripgrep 15 prints nothing for it in these three.
  it.each(["shift_jis", "big5", "euc-kr"])(
    "is a replacement character in %s, other than in ripgrep",
    async (name) => {
      dir.file("cut", Buffer.concat([Buffer.from("some text"), Buffer.from([0x88])]));
      const { stdout } = await runHere(dir.path, [...PLAIN, "-E", name, "", "cut"]);
      expect(stdout.toString()).toBe(`some text${REPLACEMENT}\n`);
      expect(decodedByRipgrep(dir, name, "cut").toString()).toBe("some text\n");
    },
  );

  it.each([
    ["gbk", [0x81]],
    ["gbk", [0x81, 0x30]],
    ["gb18030", [0x81, 0x30, 0x81]],
    ["euc-jp", [0x8f]],
    ["euc-jp", [0x8f, 0xa2]],
    ["iso-2022-jp", [0x1b, 0x24, 0x42, 0x24]],
    ["utf-8", [0xe2, 0x82]],
    ["utf-16le", [0x61]],
    ["utf-16be", [0xd8, 0x00]],
  ])("is what ripgrep makes of it in %s: %j", async (name, tail) => {
    dir.file(`cut-${name}-${tail.join("-")}`, Buffer.concat([Buffer.from("some text\n"), Buffer.from(tail)]));
    expect(
      await difference(dir, [...PLAIN, "-E", name, "", `cut-${name}-${tail.join("-")}`]),
    ).toBeUndefined();
  });
});

describe("what was reported", () => {
  it.each([
    ["shift_jis", Buffer.from("a\xefcode\n", "latin1"), "code"],
    ["gbk", Buffer.from("\xa2\xe3\n", "latin1"), "€"],
    ["ibm866", Buffer.from([0x61, 0x1a, 0x1c, 0x7f, 0x62, 10]), "a\\x1a\\x1c\\x7fb"],
    ["x-user-defined", Buffer.from([0xff, 10]), "\\x{f7ff}"],
    ["iso-8859-16", Buffer.from([0xa4, 10]), "€"],
  ])("is found in %s", async (name, bytes, pattern) => {
    dir.file(`reported-${name}`, bytes);
    const args = ["-c", "-E", name, pattern, `reported-${name}`];
    expect(await difference(dir, args)).toBeUndefined();
    expect((await runHere(dir.path, args)).stdout.toString()).toBe("1\n");
  });
});

function decodedByRipgrep(tree: Dir, name: string, file: string): Buffer {
  return spawnSync(rgPath, ["--no-config", ...PLAIN, "-E", name, "", file], {
    cwd: tree.path,
    maxBuffer: 1 << 28,
  }).stdout;
}

/** As a search prints the last line. */
function lineEnded(text: Buffer): Buffer {
  return text.at(-1) === 10 ? text : Buffer.concat([text, Buffer.from("\n")]);
}

/** Gives bytes in pieces of random length, as a pipe may. */
class PieceReader implements ByteReader {
  #rest: Buffer;
  readonly #random: Random;

  constructor(bytes: Buffer, random: Random) {
    this.#rest = bytes;
    this.#random = random;
  }

  read(target: Buffer, at: number, length: number): number {
    const count = this.#rest.copy(
      target,
      at,
      0,
      Math.min(length, 1 + this.#random.below(5), this.#rest.length),
    );
    this.#rest = this.#rest.subarray(count);
    return count;
  }
}

function decodeInPieces(bytes: Buffer, name: string, random: Random): Buffer {
  const reader = new DecodingReader(new PieceReader(bytes, random), name);
  const parts: Buffer[] = [];
  const piece = Buffer.alloc(999);
  for (let count; (count = reader.read(piece, 0, piece.length)) > 0;)
    parts.push(Buffer.from(piece.subarray(0, count)));
  return Buffer.concat(parts);
}
