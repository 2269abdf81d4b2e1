/** Letters like s and k have relatives beyond ASCII. Where no file has those, a search may end early all the same. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { eachInFreshFolder } from "../../../test/support/fresh-folder.ts";
import { Corpus } from "../corpus/index.ts";
import { HostBackend } from "../host/host-backend.ts";
import { SearchEngine } from "./search-engine.ts";

let folder: string;
eachInFreshFolder("early-end", (fresh) => (folder = fresh));
afterEach(() => vi.restoreAllMocks());

/** The limits that a backend was asked with, in three searches for at most 3 hits of s. */
async function limitsOfThree(text: string): Promise<{ limits: (number | undefined)[]; counts: number[] }> {
  writeFileSync(join(folder, "file"), text);
  const corpus = await Corpus.list([folder]);
  const engine = await SearchEngine.open({ corpus, device: "cpu", threads: 1 });
  try {
    const submit = vi.spyOn(HostBackend.prototype, "submit");
    const counts: number[] = [];
    const limits: (number | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      const result = await engine.search({ pattern: "s", ignoreCase: true, maxHits: 3 });
      expect(result.truncated).toBe(true);
      counts.push(result.count);
      limits.push(submit.mock.lastCall?.[1]?.maxHits);
    }
    return { limits, counts };
  } finally {
    await engine.close();
  }
}

it("ends early as soon as it is known that no file has a relative", async () => {
  // One more than is wanted shows that there are more.
  expect(await limitsOfThree("sSs\n".repeat(100))).toEqual({ limits: [undefined, 4, 4], counts: [3, 3, 3] });
});

it("looks at every hit where a file has one", async () => {
  const { limits, counts } = await limitsOfThree(`${"sSs\n".repeat(100)}\u017f\n`);
  expect(limits).toEqual([undefined, undefined, undefined]);
  expect(counts).toEqual([3, 3, 3]);
});
