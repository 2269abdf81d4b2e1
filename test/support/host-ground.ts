/** What tests of the host's backend need: threads that are closed after each test, and corpora of given files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";
import { Corpus } from "../../src/search/corpus/index.ts";
import { HostBackend } from "../../src/search/host/index.ts";

/** Opens backends and lists corpora. Made by `hostGround`. */
export interface HostGround {
  /** A backend of two threads, unless the options say otherwise. */
  readonly open: (options?: Parameters<typeof HostBackend.open>[0]) => Promise<HostBackend>;
  /**
   * Writes files and lists them in order.
   * @param explicit they count as named by the user, so that a NUL does not end them
   */
  readonly corpusOf: (contents: readonly (string | Uint8Array)[], explicit: boolean) => Corpus;
}

/** To be called at the top of a file of tests. Everything is closed after each test, and removed after the last. */
export function hostGround(): HostGround {
  const root = mkdtempSync(join(tmpdir(), "everwarp-host-"));
  let corpusCount = 0;
  let backends: HostBackend[] = [];
  afterEach(async () => {
    await Promise.all(backends.map((backend) => backend.close()));
    backends = [];
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return {
    async open(options = {}) {
      const backend = await HostBackend.open({ threads: 2, ...options });
      backends.push(backend);
      return backend;
    },
    corpusOf(contents, explicit) {
      const folder = join(root, `corpus-${corpusCount++}`);
      mkdirSync(folder);
      const files = contents.map((content, index) => {
        const path = join(folder, `file-${index}`);
        writeFileSync(path, content);
        return { path, explicit };
      });
      return Corpus.fromFiles(files);
    },
  };
}
