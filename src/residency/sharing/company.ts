/**
 * Who else uses a card: other processes of everwarp, other devices of this process that stand for the same card, and
 * other kernels on the same device.
 *
 * A card takes turns between contexts, and every open `Device` is one. A kernel that stays keeps its turn until it
 * ends, so kernels of two contexts that both stay keep each other waiting. Kernels of one device run side by side where
 * there is room for both: a small one stays, a large one (it fills the device when it stays) makes room.
 *
 * Whoever keeps a kernel joins the company, and learns from it when to make room (strategies/adaptive.ts):
 *
 *     join ── makeRoom: all others on the device have ended what stays ──▶ launch ── opened ──▶ … ── leave
 *
 * While somebody opens, nobody stays on that device: a driver may hold back the first launch of a new kernel until the
 * device is idle.
 */
import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Device, DeviceInfo } from "../../vulkan/index.ts";
import { Presence } from "./presence.ts";

/** More workgroups than these are a large kernel. */
const SMALL_WORKGROUPS = 16;
/** How long others may take to make room. What they are asked for may take that long. */
const ROOM_TIMEOUT_MS = 5_000;
/** A kernel that was asked for nothing for so long does not count, until its next request. */
const IDLE_MS = 500;
/** Questions after a company's others between two looks at who is idle. A power of two: the look reads the clock. */
const QUESTIONS_PER_LOOK = 256;

/** What a strategy asks about the others on its card. */
export interface Company {
  /** Should this kernel make room? */
  readonly hasOthers: boolean;
}

/** What the company must know of a kernel. */
export interface CompanyGuest {
  /** Called when `hasOthers` may have changed: looks, and lets go of the device where it should. */
  readonly onChange: () => void;
  /** Has it ended what stays, where it should? */
  readonly hasMadeRoom: () => boolean;
  /** Are its launches on a queue that others use, too? Then it never stays beside others. */
  readonly sharesQueue: boolean;
  /**
   * How many requests were published so far; undefined while one is unanswered. Only for kernels that ask `hasOthers`
   * when a request is published: these may be idle. All others count for as long as they are open.
   */
  readonly quietSince?: () => number | undefined;
}

/** A place in the company. Disposing of it leaves. */
export interface CompanyMember extends Company, Disposable {
  /** Resolves when nothing stays on the device, or those who stay there do not make room. */
  makeRoom(): Promise<void>;
  /** The kernel runs, with so many workgroups: others may stay again. */
  opened(workgroupCount: number): void;
}

/** The card behind a device, by the same name in every process. */
export function cardKey({ vendorId, deviceId, deviceUuid }: DeviceInfo): string {
  const key = JSON.stringify([vendorId, deviceId, deviceUuid]);
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

/** Is the device hardware, which contexts use in turns? */
export function isCard({ info }: Pick<Device, "info">): boolean {
  return info.type !== "cpu";
}

interface Entry {
  readonly guest: CompanyGuest;
  /** Undefined while it opens. */
  workgroupCount: number | undefined;
  /** Others do not count it. Its next request ends that. */
  isIdle: boolean;
  /** What `quietSince` told last, and since when. */
  quiet: number | undefined;
  quietSinceMs: number;
}

/** The company on one card, as this process sees it. */
class CardCompany {
  readonly #presence: Presence;
  /** The kernels on each open device of this process. */
  readonly #entriesOf = new Map<object, Set<Entry>>();
  #entryCount = 0;
  #questions = 0;
  #isTelling = false;

  constructor(key: string) {
    this.#presence = new Presence({ deviceKey: key, onChange: () => this.#tell() });
  }

  get isEmpty(): boolean {
    return this.#entriesOf.size === 0;
  }

  /** Called at every poll of a kernel, so it reads no clock but now and then. */
  hasOthers(device: object, entry: Entry): boolean {
    if (entry.isIdle && entry.guest.quietSince?.() !== entry.quiet) {
      entry.isIdle = false;
      this.#tell(entry);
    }
    if (this.#presence.hasOthers) return true;
    if (this.#entryCount === 1) return false;
    if ((++this.#questions & (QUESTIONS_PER_LOOK - 1)) === 0) this.#lookForIdle();
    for (const [one, entries] of this.#entriesOf) {
      for (const other of entries)
        if (other !== entry && !other.isIdle && (one !== device || excludes(entry, other))) return true;
    }
    return false;
  }

  enter(device: object, entry: Entry): void {
    const entries = this.#entriesOf.get(device) ?? new Set();
    this.#entriesOf.set(device, entries.add(entry));
    this.#entryCount++;
    if (entries.size > 1 || this.#entriesOf.size > 1) this.#tell(entry);
  }

  async makeRoom(device: object, entry: Entry): Promise<void> {
    const others = [...(this.#entriesOf.get(device) ?? [])].filter((other) => other !== entry);
    const begin = performance.now();
    while (!others.every(({ guest }) => guest.hasMadeRoom())) {
      if (performance.now() - begin > ROOM_TIMEOUT_MS) return;
      await turn();
      for (const { guest } of others) guest.onChange();
    }
  }

  opened(entry: Entry, workgroupCount: number): void {
    entry.workgroupCount = workgroupCount;
    this.#tell();
  }

  leave(device: object, entry: Entry): void {
    const entries = this.#entriesOf.get(device);
    if (entries === undefined || !entries.delete(entry)) return;
    this.#entryCount--;
    if (entries.size === 0) this.#entriesOf.delete(device);
    if (this.isEmpty) this.#presence[Symbol.dispose]();
    else this.#tell();
  }

  /** Finds who was asked for nothing for a while. Who stays on the device while idle is none of them. */
  #lookForIdle(): void {
    const now = performance.now();
    for (const entries of this.#entriesOf.values()) {
      for (const entry of entries) {
        const { guest, workgroupCount } = entry;
        const quiet = workgroupCount === undefined ? undefined : guest.quietSince?.();
        if (quiet === undefined || quiet !== entry.quiet) entry.quietSinceMs = now;
        entry.quiet = quiet;
        if (now - entry.quietSinceMs >= IDLE_MS) entry.isIdle = true;
      }
    }
  }

  /** Who is told looks at once, and may find that it is idle no longer: that is told by who tells already. */
  #tell(except?: Entry): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (const entries of this.#entriesOf.values())
        for (const entry of entries) if (entry !== except) entry.guest.onChange();
    } finally {
      this.#isTelling = false;
    }
  }
}

/** Must a kernel make room for another one on its device? */
function excludes(entry: Entry, other: Entry): boolean {
  if (other.workgroupCount === undefined || entry.guest.sharesQueue) return true;
  return (entry.workgroupCount ?? 0) > SMALL_WORKGROUPS;
}

const companies = new Map<string, CardCompany>();

/** Joins the company on a device's card. */
export function joinCompany(device: Pick<Device, "info">, guest: CompanyGuest): CompanyMember {
  return joinCard(cardKey(device.info), device, guest);
}

/** The same for a card that is known by its key. @param device tells this process's devices apart */
export function joinCard(key: string, device: object, guest: CompanyGuest): CompanyMember {
  const company = companies.get(key) ?? new CardCompany(key);
  companies.set(key, company);
  const entry: Entry = {
    guest,
    workgroupCount: undefined,
    isIdle: false,
    quiet: undefined,
    quietSinceMs: 0,
  };
  company.enter(device, entry);
  return {
    get hasOthers() {
      return company.hasOthers(device, entry);
    },
    makeRoom: () => company.makeRoom(device, entry),
    opened: (workgroupCount) => company.opened(entry, workgroupCount),
    [Symbol.dispose]() {
      company.leave(device, entry);
      if (company.isEmpty && companies.get(key) === company) companies.delete(key);
    },
  };
}

/**
 * For a kernel that nobody has to make room for, and that makes none: on a software device, whose processor the system
 * shares.
 */
export const NO_COMPANY: CompanyMember = {
  hasOthers: false,
  makeRoom: () => Promise.resolve(),
  opened: () => undefined,
  [Symbol.dispose]: () => undefined,
};
