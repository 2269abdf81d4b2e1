/** One table over all exports: what is not allowed ends with EW_BAD_ARGUMENT, with its name, its value and what is. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import * as everwarp from "../../src/index.ts";
import { BAD_VALUES, TREE_OPTION_KINDS } from "../support/bad-values.ts";
import {
  batch,
  corpora,
  deviceOptions,
  engineChoice,
  kernelOptions,
  lookup,
  lookupCall,
  programRequest,
} from "../support/entry-options.ts";
import { ledger } from "../support/ledger.ts";
import { type ArgumentEntry, argument, type OptionsEntry } from "../support/public-entry.ts";
import { openTestDevice } from "../support/vulkan.ts";
import { closeWasm, openWasm, wasmArguments, wasmOptions } from "../support/wasm-entries.ts";

const { connect, Corpus, Device, Namespace, ProgramCache, ResidentKernel, SearchEngine } = everwarp;
const { array, doc, listDevices, openProfiledDevice, packPaths, padding, struct, u32 } = everwarp;
const { DirectoryStore, HttpStore, SecondLevel } = everwarp;

/** Errors, which are made here and not by callers; and what is no function. */
const WITHOUT_ARGUMENTS = ["ERROR_CODES", "EverwarpError", "PathError", "ROOT_INODE", "STRATEGY_NAMES"];
const TYPES = ["f32", "i32", "u32", "u64"];

const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-entries-"));
let device: everwarp.Device;
let kernel: everwarp.ResidentKernel<typeof ledger.request, typeof ledger.response>;
let cache: everwarp.ProgramCache;
let files: everwarp.Namespace;
let engine: everwarp.SearchEngine;
let result: everwarp.SearchResult;

beforeAll(async () => {
  device = openTestDevice();
  kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 8 });
  cache = await ProgramCache.open({ device, directory: path.join(folder, "cache") });
  files = await Namespace.open({ device: "cpu", threads: 0 });
  await files.addDirectory("/src");
  await openWasm();
  const corpus = await Corpus.list([import.meta.filename]);
  engine = await SearchEngine.open({ device: "cpu", threads: 1, corpus });
  result = await engine.search({ pattern: "const" });
});
afterAll(async () => {
  await engine?.close();
  await closeWasm();
  await files?.close();
  await kernel?.close();
  await cache?.close();
  device?.close();
  rmSync(folder, { recursive: true });
});

/** Not `any`, but taken for whatever a function asks. */
const as = (value: unknown): never => value as never;
const variants = [{}];
const request = { source: "void main() {}" };
const connectOptions = { ...TREE_OPTION_KINDS, paths: "list", daemon: "choice" } as const;
const listOptions = { ...TREE_OPTION_KINDS, skippedFile: "options", onError: "callback" } as const;
const COUNT_METHODS = ["count", "countSync", "countLines", "countLinesSync"] as const;
const QUERY_METHODS = ["submit", "search", "searchSync", ...COUNT_METHODS] as const;
const limited = { needed: { timeoutMs: 0 } };
/** Calls that take nothing but a limit. Those of Vulkan need one. */
const WAITS: readonly (readonly [
  string,
  string,
  (given: unknown) => unknown,
  Pick<OptionsEntry, "needed">?,
])[] = [
  ["SearchEngine", "waitSync", (given) => engine.submit({ pattern: "x" }).waitSync(as(given))],
  ["Device", "device.pipelinesCanBeMade", (given) => device.pipelinesCanBeMade(as(given))],
  ["Device", "device.close", (given) => device.close(as(given))],
  ["Device", "fence.wait", (given) => device.createFence().wait(as(given)), limited],
  ["Device", "fence.waitAsync", (given) => device.createFence().waitAsync(as(given)), limited],
  ["Device", "timeline.wait", (given) => device.createTimeline().wait(1n, as(given)), limited],
  ["ResidentKernel", "kernel.close", (given) => kernel.close(as(given))],
  [
    "SecondLevel",
    "SecondLevel.close",
    (given) => new SecondLevel(new HttpStore("http://x")).close(as(given)),
  ],
];
const optionEntries: readonly OptionsEntry[] = [
  ...wasmOptions,
  {
    of: "SearchEngine",
    name: "SearchEngine.open",
    call: (given) => SearchEngine.open(as(given)),
    options: { ...engineChoice, ...corpora, persistent: "boolean" },
  },
  { of: "connect", name: "connect", call: (given) => connect(as(given)), options: connectOptions },
  {
    of: "SearchEngine",
    name: "engine.addCorpus, options",
    call: (given) => engine.addCorpus(Corpus.fromFiles([]), as(given)),
    options: { index: "boolean" },
  },
  ...QUERY_METHODS.map((name): OptionsEntry => ({
    of: "SearchEngine",
    name: `engine.${name}`,
    call: (given) => engine[name](as(given)),
    needed: { pattern: "x" },
    options: {
      pattern: "list",
      fixedStrings: "boolean",
      ignoreCase: "boolean",
      smartCase: "boolean",
      wordRegexp: "boolean",
      lineRegexp: "boolean",
      corpus: "instance",
      maxHits: "wholeOrInfinity",
      locate: "boolean",
    },
  })),
  ...QUERY_METHODS.map((name): OptionsEntry => ({
    of: "SearchEngine",
    name: `engine.${name}, options`,
    call: (given) => engine[name]({ pattern: "x" }, as(given)),
    options: { ...(!name.endsWith("Sync") && { signal: "instance" }), timeoutMs: "duration" },
  })),
  {
    of: "Corpus",
    name: "Corpus.list",
    call: (given) => Corpus.list([folder], as(given)),
    options: listOptions,
  },
  {
    of: "Corpus",
    name: "Corpus.fromFiles",
    call: (given) => Corpus.fromFiles([], as(given)),
    options: { allText: "boolean" },
  },
  {
    of: "Corpus",
    name: "corpus.loadInto",
    call: (given) => Corpus.fromFiles([]).loadInto(as({}), as(given)),
    options: { threads: "whole" },
  },
  {
    of: "Namespace",
    name: "Namespace.open",
    call: (given) => Namespace.open(as(given)),
    options: { ...engineChoice, maxEntries: "whole", maxBatchSize: "whole" },
  },
  {
    of: "Namespace",
    name: "Namespace.load",
    call: (given) => Namespace.load(path.join(folder, "none"), as(given)),
    options: { ...engineChoice, maxEntries: "whole", maxBatchSize: "whole" },
  },
  { of: "Namespace", name: "lookup", call: (given) => files.lookup("/src", as(given)), options: lookupCall },
  {
    of: "Namespace",
    name: "lookupBatch",
    call: (given) => files.lookupBatch(["/src"], as(given)),
    options: batch,
  },
  {
    of: "Namespace",
    name: "lookupErrno",
    call: (given) => files.lookupErrno(["/src"], as(given)),
    options: batch,
  },
  {
    of: "Namespace",
    name: "lookupPacked",
    call: (given) => files.lookupPacked(packPaths(["/src"]), as(given)),
    options: batch,
  },
  {
    of: "Namespace",
    name: "batcher",
    call: (given) => files.batcher(as(given)),
    options: { ...lookup, maxBatchSize: "whole", lingerMs: "duration" },
  },
  {
    of: "Namespace",
    name: "addFile",
    call: (given) => files.addFile("/x/y", as(given)),
    options: { directory: "u32" },
  },
  {
    of: "Namespace",
    name: "addDirectory",
    call: (given) => files.addDirectory("/x/y", as(given)),
    options: { directory: "u32", recursive: "boolean" },
  },
  {
    of: "Namespace",
    name: "addSymlink",
    call: (given) => files.addSymlink("t", "/x/y", as(given)),
    options: { directory: "u32" },
  },
  {
    of: "Namespace",
    name: "link",
    call: (given) => files.link("/a", "/b", as(given)),
    options: { directory: "u32" },
  },
  {
    of: "Namespace",
    name: "remove",
    call: (given) => files.remove("/x/y", as(given)),
    options: { directory: "u32", recursive: "boolean" },
  },
  {
    of: "Namespace",
    name: "rename",
    call: (given) => files.rename("/a", "/b", as(given)),
    options: { directory: "u32" },
  },
  {
    of: "Namespace",
    name: "addTree",
    call: (given) => files.addTree(folder, as(given)),
    options: { at: "path", onProgress: "callback", signal: "instance" },
  },
  {
    of: "Device",
    name: "Device.open",
    call: (given) => void Device.open(as(given)),
    options: deviceOptions,
  },
  {
    of: "Device",
    name: "device.createBuffer",
    call: (given) => device.createBuffer(as(given)),
    needed: { role: "device", sizeBytes: 4 },
    options: { role: "choice", sizeBytes: "whole", label: "text" },
  },
  {
    of: "Device",
    name: "device.createComputePipeline",
    call: (given) => device.createComputePipeline(as(given)),
    needed: { spirv: new Uint32Array(5), pushConstantBytes: 0 },
    options: {
      spirv: "instance",
      entryPoint: "text",
      specialization: "record",
      pushConstantBytes: "whole",
      captureData: "boolean",
      pipelineCache: "instance",
      label: "text",
    },
  },
  {
    of: "Device",
    name: "device.createCommandBuffer",
    call: (given) => device.createCommandBuffer(as(given)),
    options: { queue: "instance", simultaneousUse: "boolean", label: "text" },
  },
  {
    of: "Device",
    name: "device.record",
    call: (given) => device.record(() => undefined, as(given)),
    options: { queue: "instance", simultaneousUse: "boolean", label: "text" },
  },
  {
    of: "Device",
    name: "device.createFence",
    call: (given) => device.createFence(as(given)),
    options: { signaled: "boolean" },
  },
  {
    of: "Device",
    name: "device.run",
    call: (given) => device.run(() => undefined, as(given)),
    options: { queue: "instance", timeoutMs: "duration" },
  },
  {
    of: "openProfiledDevice",
    name: "openProfiledDevice",
    call: (given) => openProfiledDevice(as(given)),
    options: { ...deviceOptions, fresh: "boolean" },
  },
  {
    of: "ResidentKernel",
    name: "ResidentKernel.open",
    call: (given) => ResidentKernel.open(as(given)),
    needed: ledger,
    options: kernelOptions,
  },
  {
    of: "ResidentKernel",
    name: "ResidentKernel.restore",
    call: (given) => ResidentKernel.restore(as(given)),
    needed: { ...ledger, file: "none" },
    options: { ...kernelOptions, file: "fullText", allowOtherDevice: "boolean" },
  },
  ...(["call", "tryCall"] as const).map((name): OptionsEntry => ({
    of: "ResidentKernel",
    name: `kernel.${name}, options`,
    call: (given) => kernel[name]({ cell: 0, amount: 0 }, as(given)),
    options: { priority: "choice", timeoutMs: "duration", signal: "instance" },
  })),
  {
    of: "ResidentKernel",
    name: "kernel.callSync, options",
    call: (given) => kernel.callSync({ cell: 0, amount: 0 }, as(given)),
    options: { priority: "choice", timeoutMs: "duration" },
  },
  ...WAITS.map(
    ([of, name, call, more]) => ({ of, name, call, ...more, options: { timeoutMs: "duration" } }) as const,
  ),
  {
    of: "ProgramCache",
    name: "ProgramCache.open",
    call: (given) => ProgramCache.open(as(given)),
    options: {
      device: "device",
      maxPrograms: "wholeOrInfinity",
      maxBytes: "wholeOrInfinity",
      maxDiskBytes: "wholeOrInfinity",
      secondLevel: "instance",
      modules: "instance",
    },
  },
  ...(["acquire", "program"] as const).map((name): OptionsEntry => ({
    of: "ProgramCache",
    name: `cache.${name}`,
    call: (given) => cache[name](as(given)),
    needed: request,
    options: programRequest,
  })),
  {
    of: "ProgramCache",
    name: "cache.tune",
    call: (given) => cache.tune({ ...request, variants }, () => 1, as(given)),
    options: { rounds: "whole", again: "boolean" },
  },
  {
    of: "ProgramCache",
    name: "cache.preload",
    call: (given) => cache.preload([], as(given)),
    options: { onProgress: "callback", parallel: "whole" },
  },
  {
    of: "ProgramCache",
    name: "cache.prune",
    call: (given) => cache.prune(as(given)),
    options: { maxAgeDays: "duration", maxBytes: "wholeOrInfinity" },
  },
  {
    of: "HttpStore",
    name: "HttpStore",
    call: (given) => new HttpStore("http://localhost", as(given)),
    options: { headers: "record", maxBytes: "whole" },
  },
  {
    of: "SecondLevel",
    name: "SecondLevel",
    call: (given) => new SecondLevel(new HttpStore("http://localhost"), as(given)),
    options: {
      getTimeoutMs: "duration",
      putTimeoutMs: "duration",
      putsTimeoutMs: "duration",
      maxFailures: "whole",
      restMs: "duration",
      secret: "text",
      isReadOnly: "boolean",
    },
  },
  {
    of: "struct",
    name: "struct, options",
    call: (given) => struct("S", { a: u32 }, as(given)),
    options: { rule: "choice", doc: "text" },
  },
];

const found = (extra: object): unknown[] => [{ path: "x", explicit: true, ...extra }];
const values = { cell: 0, amount: 0 };
const argumentEntries: readonly ArgumentEntry[] = [
  ...wasmArguments,
  argument("SearchEngine", "addCorpus", "instance", (given) => engine.addCorpus(as(given))),
  argument("SearchEngine", "removeCorpus", "instance", (given) => engine.removeCorpus(as(given))),
  argument("SearchEngine", "loaded", "instance", (given) => engine.loaded(as(given))),
  argument("SearchEngine", "result.path", "u32", (given) => result.path(as(given))),
  argument("SearchEngine", "result.lineText", "u32", (given) => result.lineText(as(given))),
  argument("Corpus", "Corpus.list", "list", (given) => Corpus.list(as(given))),
  argument("Corpus", "Corpus.fromFiles, path", "fullText", (given) =>
    Corpus.fromFiles(as(found({ path: given }))),
  ),
  argument("Corpus", "Corpus.fromFiles, pathBytes", "instance", (given) =>
    Corpus.fromFiles(as(found({ pathBytes: given }))),
  ),
  argument("Corpus", "Corpus.fromFiles, explicit", "boolean", (given) =>
    Corpus.fromFiles(as(found({ explicit: given }))),
  ),
  argument("Corpus", "corpus.loadInto", "choice", (given) =>
    typeof given === "object" && given !== null
      ? Promise.reject(notAsked())
      : Corpus.fromFiles([]).loadInto(as(given)),
  ),
  argument("Namespace", "Namespace.load", "fullText", (given) => Namespace.load(as(given))),
  argument("Namespace", "save", "fullText", (given) => files.save(as(given))),
  argument("Namespace", "addTree", "fullText", (given) => files.addTree(as(given))),
  argument("Namespace", "lookup", "path", (given) => files.lookup(as(given))),
  argument("Namespace", "lookupBatch", "list", (given) => files.lookupBatch(as(given))),
  argument("Namespace", "lookupErrno", "list", (given) => files.lookupErrno(as(given))),
  argument("Namespace", "lookupPacked", "options", (given) => files.lookupPacked(as(given))),
  argument("Namespace", "lookupPacked, bytes", "path", (given) =>
    files.lookupPacked(as({ bytes: given, offsets: new Uint32Array(1) })),
  ),
  argument("Namespace", "lookupPacked, offsets", "path", (given) =>
    files.lookupPacked(as({ bytes: new Uint8Array(1), offsets: given })),
  ),
  argument("Namespace", "batcher.lookup", "path", (given) => files.batcher().lookup(as(given))),
  argument("Namespace", "stat", "u32", (given) => files.stat(as(given))),
  argument("Namespace", "entries", "u32", (given) => files.entries(as(given))),
  argument("Namespace", "pathOf", "u32", (given) => files.pathOf(as(given))),
  argument("Namespace", "addFile", "path", (given) => files.addFile(as(given))),
  argument("Namespace", "addDirectory", "path", (given) => files.addDirectory(as(given))),
  argument("Namespace", "addSymlink, target", "path", (given) => files.addSymlink(as(given), "/x")),
  argument("Namespace", "addSymlink", "path", (given) => files.addSymlink("x", as(given))),
  argument("Namespace", "link, existing", "path", (given) => files.link(as(given), "/x")),
  argument("Namespace", "link", "path", (given) => files.link("/x", as(given))),
  argument("Namespace", "remove", "path", (given) => files.remove(as(given))),
  argument("Namespace", "rename, from", "path", (given) => files.rename(as(given), "/x")),
  argument("Namespace", "rename, to", "path", (given) => files.rename("/x", as(given))),
  argument("packPaths", "packPaths", "list", (given) => packPaths(as(given))),
  argument("Device", "freeBytes", "choice", (given) => device.freeBytes(as(given))),
  argument("Device", "setMemoryTypes", "options", (given) => device.setMemoryTypes(as(given))),
  argument("Device", "createPipelineCache", "instance", (given) => device.createPipelineCache(as(given))),
  argument("Device", "createTimestamps", "whole", (given) => device.createTimestamps(as(given))),
  argument("Device", "createTimeline", "whole", (given) =>
    given === 1n ? Promise.reject(notAsked()) : device.createTimeline(as(given)),
  ),
  argument("Device", "record", "callback", (given) => device.record(as(given))),
  argument("Device", "run", "callback", (given) => device.run(as(given))),
  argument("Device", "runAsync", "callback", (given) => device.runAsync(as(given))),
  argument("Device", "hold", "text", (given) => device.hold(as(given))),
  argument("ResidentKernel", "call, values", "options", (given) => kernel.call(as(given))),
  argument("ResidentKernel", "call, a value", "u32", (given) => kernel.call(as({ ...values, cell: given }))),
  argument("ResidentKernel", "tryCall, a value", "u32", (given) =>
    kernel.tryCall(as({ ...values, cell: given })),
  ),
  argument("ResidentKernel", "callSync, a value", "u32", (given) =>
    kernel.callSync(as({ ...values, cell: given })),
  ),
  argument("ResidentKernel", "checkpoint", "fullText", (given) => kernel.checkpoint(as(given))),
  argument("ResidentKernel", "setDutyCycle", "share", (given) => kernel.setDutyCycle(as(given))),
  argument("ResidentKernel", "writeTrace", "fullText", (given) => kernel.writeTrace(as(given))),
  argument("ProgramCache", "acquireHeld", "text", (given) => cache.acquireHeld(as(given))),
  argument("ProgramCache", "tune, request", "options", (given) => cache.tune(as(given), () => 1)),
  argument("ProgramCache", "tune", "callback", (given) => cache.tune({ ...request, variants }, as(given))),
  argument("ProgramCache", "preload", "list", (given) => cache.preload(as(given))),
  argument("DirectoryStore", "new", "fullText", (given) => new DirectoryStore(as(given))),
  argument("HttpStore", "new", "text", (given) => new HttpStore(as(given))),
  argument("SecondLevel", "new", "text", (given) =>
    typeof given === "object" && given !== null ? Promise.reject(notAsked()) : new SecondLevel(as(given)),
  ),
  argument("array", "array, element", "instance", (given) => array(as(given), 1)),
  argument("array", "array, count", "whole", (given) => array(u32, as(given))),
  argument("padding", "padding", "whole", (given) => padding(as(given))),
  argument("doc", "doc, type", "instance", (given) => doc(as(given), "x")),
  argument("doc", "doc, text", "text", (given) => doc(u32, as(given))),
  argument("struct", "struct, name", "fullText", (given) => struct(as(given), { a: u32 })),
  argument("struct", "struct, fields", "record", (given) => struct("S", as(given))),
  argument("struct", "struct, a field", "instance", (given) => struct("S", { a: as(given) })),
];

/** In place of a value that is allowed here. */
function notAsked(): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", "not asked", { remedy: "It must be left out." });
}

/** What a call comes to: the error; undefined where it takes what it got. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The value in a way that cannot fail. */
function told(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "bigint" ? "a bigint" : String(value);
}

function assertRefused(error: unknown, where: string, name?: string): void {
  expect(error, where).toBeInstanceOf(EverwarpError);
  const { code, message, remedy } = error as EverwarpError;
  expect([where, code]).toEqual([where, "EW_BAD_ARGUMENT"]);
  expect(message.length, where).toBeLessThan(1000);
  expect(remedy, where).toBeTruthy();
  if (name !== undefined) expect(message, where).toContain(name);
}

describe("every public function", () => {
  it("is in the table", () => {
    const covered = new Set([...optionEntries, ...argumentEntries].map(({ of }) => of));
    const withArguments = Object.entries(everwarp)
      .filter(([name]) => !WITHOUT_ARGUMENTS.includes(name) && !TYPES.includes(name))
      .filter(([, value]) => value !== listDevices) // which takes none
      .map(([name]) => name);
    expect(withArguments.filter((name) => !covered.has(name))).toEqual([]);
    for (const name of [...WITHOUT_ARGUMENTS, ...TYPES]) expect(everwarp).toHaveProperty(name);
    expect(listDevices.length).toBe(0);
  });

  it("has every method of the classes in the table, but those without arguments", () => {
    const sources = [...optionEntries, ...argumentEntries].map(({ call }) => call.toString()).join("\n");
    // `call` and `tryCall`, `acquire` and `program` are called by name.
    const names = `${sources} ${optionEntries.map(({ name }) => name).join(" ")}`;
    const { WasmFleet, WasmModule } = everwarp;
    const classes = [
      SearchEngine,
      Corpus,
      Namespace,
      ProgramCache,
      ResidentKernel,
      Device,
      WasmFleet,
      WasmModule,
    ];
    const missing = classes.flatMap((type) =>
      [type, type.prototype].flatMap((owner) =>
        Object.entries(Object.getOwnPropertyDescriptors(owner))
          .filter(([name, { value }]) => name !== "constructor" && typeof value === "function")
          .filter(([, { value }]) => !/^(async |static |\*)*[\w$]+\(\)/.test(String(value)))
          .filter(([name]) => !new RegExp(`\\b${name}\\b`).test(names))
          .map(([name]) => `${type.name}.${name}`),
      ),
    );
    expect(missing).toEqual([]);
  });

  it("takes times in an object of options, never by place", () => {
    expect(argumentEntries.filter(({ kind }) => kind === "duration").map(({ name }) => name)).toEqual([]);
  });

  it.each(argumentEntries)("refuses what is not allowed: $of $name", async ({ name, call, kind }) => {
    for (const value of BAD_VALUES[kind])
      assertRefused(await failureOf(() => call(value)), `${name} with ${told(value)}`);
  });

  it.each(optionEntries)("refuses options that are none: $name", async ({ name, call, needed }) => {
    for (const value of BAD_VALUES.options)
      assertRefused(await failureOf(() => call(value)), `${name} with ${told(value)}`);
    if (needed !== undefined) {
      assertRefused(await failureOf(() => call(undefined)), `${name} without options`);
      assertRefused(await failureOf(() => call({})), `${name} with no options`);
    }
  });

  it.each(optionEntries)(
    "refuses options of other names, values and manners: $name",
    async ({ name, call, options, needed }) => {
      for (const [option, kind] of Object.entries(options)) {
        const misspelt = option.toLowerCase() === option ? `${option}x` : option.toLowerCase();
        const unknown = await failureOf(() => call({ ...needed, [misspelt]: 1 }));
        assertRefused(unknown, `${name} with ${misspelt}`, `"${misspelt}"`);
        expect((unknown as Error).message).toContain(`"${option}"`);

        const cause = new Error("a getter");
        const getter = Object.defineProperty({ ...needed }, option, {
          get: () => {
            throw cause;
          },
          enumerable: true,
        });
        const unread = await failureOf(() => call(getter));
        assertRefused(unread, `${name} with a getter for ${option}`, option);
        expect((unread as Error).cause).toBe(cause);

        const { [kind]: bad } = BAD_VALUES;
        for (const value of bad) {
          if (isAllowed(option, value)) continue;
          assertRefused(
            await failureOf(() => call({ ...needed, [option]: value })),
            `${name} with ${option}: ${told(value)}`,
            option,
          );
        }
      }
    },
  );
});

/** What a kind refuses, and this option does not. */
function isAllowed(option: string, value: unknown): boolean {
  // A pattern is a list, or a string; an option of options is one.
  if (option === "pattern") return typeof value === "string";
  return false;
}

describe("what was allowed and makes sense", () => {
  it("is still allowed: options that are undefined, numbers without a limit, bytes and strings", async () => {
    const inode = await files.lookup("/src", as({ directory: undefined, followSymlinks: undefined }));
    expect(await files.lookup(Buffer.from("/src"))).toBe(inode);
    expect(await files.lookup(new Uint8Array(Buffer.from("/src")), { directory: inode })).toBe(inode);
    expect((await files.lookupErrno(["/src"], as(undefined)))[0]).toBe(inode);
    expect((await engine.search(as({ pattern: "const", maxHits: undefined }))).count).toBe(result.count);
    expect((await engine.search({ pattern: ["const"], maxHits: Infinity })).count).toBe(result.count);
    expect(engine.searchSync({ pattern: "const" }, { timeoutMs: Infinity }).count).toBe(result.count);
    expect(await kernel.call(values, as({ priority: undefined, timeoutMs: Infinity }))).toBeDefined();
  });
});
