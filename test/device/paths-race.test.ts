/**
 * Lookups while the namespace changes: every answer must be that of a state that there was between the question and the
 * answer, as seen from outside: not before the last change whose promise had resolved, not behind the last that was
 * asked for. A batch that is looked up in one piece must be of one such state.
 *
 * A few seconds on each engine by default; EVERWARP_TEST_MINUTES=1 for a minute each. The seed of the changes is part
 * of what a failure tells (EVERWARP_PROPERTY_SEED).
 */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Namespace } from "../../src/paths/namespace/namespace.ts";
import { PathError } from "../../src/paths/lookup/path-error.ts";
import { PathTable } from "../../src/paths/table/table.ts";
import { PathTree } from "../../src/paths/tree/tree.ts";
import { PathDevice } from "../support/path-device.ts";
import { propertySeed } from "../support/property-runs.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";
import { TEST_TIMEOUT_MS } from "../support/patience.ts";

watchValidation();

const DURATION_MS = Number(process.env["EVERWARP_TEST_MINUTES"] ?? 0.05) * 60_000;
const SEED = propertySeed();
/** States that are kept: far more than there can be changes during one lookup. */
const STATES_MAX = 100_000;
const CAPACITY = 1 << 17;

const NAMES = ["a", "b", "c"];
/** Every path of up to three names, and some that go through more. */
const PATHS = [
  ...NAMES.map((one) => `/${one}`),
  ...NAMES.flatMap((one) => NAMES.map((two) => `/${one}/${two}`)),
  ...NAMES.flatMap((one) => NAMES.flatMap((two) => NAMES.map((three) => `/${one}/${two}/${three}`))),
  "/a/b/..",
  "/a/../b/c/",
  "/b/c/a/b/c/a",
  "/grown/0",
  "/grown/1499",
];

/** A namespace, and a second one beside it that changes with it and says what was right when. */
class Race {
  readonly #files: Namespace;
  readonly #model = new PathTree(new PathTable({ maxEntries: CAPACITY }));
  /** What PATHS were, by state. */
  readonly #states = new Map<number, Int32Array>();
  /** Changes that were asked for: the newest state there can be. */
  #asked = 0;
  /** The newest of those whose promise has resolved: the oldest state that a new lookup may see. */
  #resolved = 0;
  #random = SEED;
  changeCount = 0;
  lookupCount = 0;

  constructor(files: Namespace) {
    this.#files = files;
    this.#keepState();
  }

  next(below: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * below);
  }

  place(): string {
    return `/${Array.from({ length: 1 + this.next(3) }, () => NAMES[this.next(3)]).join("/")}`;
  }

  /** The same change here and there; both may refuse it. */
  async change(files: (it: Namespace) => Promise<unknown>, model: (it: PathTree) => unknown): Promise<void> {
    const promise = files(this.#files);
    let refusal: unknown;
    try {
      model(this.#model);
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
      refusal = error.code;
    }
    const state = ++this.#asked;
    this.#keepState();
    const said = await promise.then(
      () => undefined,
      (error: unknown) => (error instanceof PathError ? error.code : error),
    );
    expect([SEED, state, said]).toEqual([SEED, state, refusal]);
    this.#resolved = Math.max(this.#resolved, state);
    this.changeCount++;
  }

  randomChange(): Promise<void> {
    const at = this.place();
    const to = this.place();
    const bytes = Buffer.from(at);
    const others = Buffer.from(to);
    switch (this.next(6)) {
      case 0:
        return this.change(
          (it) => it.remove(at, { recursive: true }),
          (it) => it.remove(bytes, true),
        );
      case 1:
        return this.change(
          (it) => it.addFile(at),
          (it) => it.addFile(bytes),
        );
      case 2:
        return this.change(
          (it) => it.addSymlink(to, at),
          (it) => it.addSymlink(others, bytes),
        );
      case 3:
        return this.change(
          (it) => it.addDirectory(at, { recursive: true }),
          (it) => it.addDirectories(bytes),
        );
      default:
        return this.change(
          (it) => it.rename(at, to),
          (it) => it.rename(bytes, others),
        );
    }
  }

  /** Looks some of PATHS up, by number, and holds the answers against the states there were meanwhile. */
  async look(numbers: readonly number[], isOnePiece: boolean): Promise<void> {
    const oldest = this.#resolved;
    const paths = numbers.map((number) => PATHS[number]!);
    const found =
      paths.length === 1
        ? [await this.#files.lookup(paths[0]!).catch((error: PathError) => error.errno)]
        : await this.#files.lookupErrno(paths);
    const newest = this.#asked;
    this.lookupCount++;
    const states = Array.from({ length: newest - oldest + 1 }, (_, index) =>
      this.#states.get(oldest + index)!,
    );
    const isRight = isOnePiece
      ? states.some((state) => numbers.every((number, index) => state[number] === found[index]))
      : numbers.every((number, index) => states.some((state) => state[number] === found[index]));
    if (isRight) return;
    const wrong = numbers.flatMap((number, index) =>
      states.some((state) => state[number] === found[index])
        ? []
        : [`${paths[index]} was ${found[index]}, and ${states.map((state) => state[number]).join(", ")}`],
    );
    const mixed = numbers.flatMap((number, index) =>
      states.every((state) => state[number] === found[index])
        ? []
        : [`${paths[index]} was ${found[index]} (${states.map((state) => state[number]).join(", ")})`],
    );
    const what = wrong[0] ?? `each is right in one, but all in none: ${mixed.join("; ")}`;
    expect.unreachable(`seed ${SEED}, states ${oldest} to ${newest}, ${paths.length} paths: ${what}`);
  }

  #keepState(): void {
    const state = Int32Array.from(PATHS, (path) => this.#model.resolve(Buffer.from(path)));
    this.#states.set(this.#asked, state);
    this.#states.delete(this.#asked - STATES_MAX);
  }
}

describe.each([
  ["the host's main thread", { device: "cpu", threads: 0 }],
  ["the host's threads", { device: "cpu", threads: 2 }],
  ["a device", { device: testDeviceInfo().index }],
])("on %s", (_, options) => {
  it(
    "no lookup sees what is not there yet or no more",
    { timeout: DURATION_MS * 2 + TEST_TIMEOUT_MS },
    async () => {
      await using files = await Namespace.open({ ...options, maxEntries: CAPACITY });
      // Where loops are limited, the host resolves what takes the kernel too many rounds, a little later: each path by
      // itself is right then.
      const isOnePiece = options.device === "cpu" || !(await limitsLoops());
      const race = new Race(files);
      const end = performance.now() + DURATION_MS;
      const until = async (act: (index: number) => Promise<void>): Promise<void> => {
        // On a busy machine as long as it takes for something to have happened.
        for (
          let index = 0;
          performance.now() < end || race.changeCount <= 20 || race.lookupCount <= 20;
          index++
        ) {
          await act(index);
          await turn();
        }
      };
      const all = [...PATHS.keys()];
      await Promise.all([
        until(() => race.randomChange()),
        until(() => race.randomChange()),
        // The table grows, and gets its room back at once.
        until((index) => {
          const at = index % 1500;
          if (at === 0 && index > 0)
            return race.change(
              (it) => it.remove("/grown", { recursive: true }),
              (it) => it.remove(Buffer.from("/grown"), true),
            );
          const path = `/grown/${at}`;
          return race.change(
            (it) => (at === 1 ? it.addDirectory("/grown") : it.addFile(path)),
            (it) => (at === 1 ? it.addDirectory(Buffer.from("/grown")) : it.addFile(Buffer.from(path))),
          );
        }),
        until(() => race.look([race.next(PATHS.length)], true)),
        until(() =>
          race.look(
            Array.from({ length: 3 }, () => race.next(PATHS.length)),
            isOnePiece,
          ),
        ),
        until(() => race.look(all, isOnePiece)),
        until(() =>
          Promise.all(all.slice(0, 20).map((index) => race.look([index], true))).then(() => undefined),
        ),
        // Many pieces, each of some state.
        until(() => race.look(Array.from({ length: 60 }, () => all).flat(), false)),
      ]);
      expect(race.changeCount).toBeGreaterThan(20);
      expect(race.lookupCount).toBeGreaterThan(20);
    },
  );
});

async function limitsLoops(): Promise<boolean> {
  await using device = await PathDevice.open();
  return device.backend.profile.loopLimit !== undefined;
}
