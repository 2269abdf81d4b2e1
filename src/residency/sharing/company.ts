/**
 * The company of a card: everything that uses the same card. These are other processes of everwarp, other devices of
 * this process on the same card, and other kernels on the same device.
 *
 * A card switches between contexts, and every open `Device` is a context. A resident kernel keeps its context's turn
 * until it ends. So two resident kernels in different contexts block each other. Kernels of one device run side by side
 * if there is room for both. A small kernel stays. A large kernel, which fills the device, makes room.
 *
 * Each kernel joins the company, and learns from it when to make room (strategies/adaptive.ts):
 *
 *     join ── makeRoom: all others on the device have ended their resident launches ──▶ launch ── opened ──▶ … ── leave
 *
 * While a kernel opens, no other kernel stays on that device, because a driver may delay the first launch of a new
 * kernel until the device is idle.
 */
import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Device, DeviceInfo } from "../../vulkan/index.ts";
import { Presence } from "./presence.ts";

/** A kernel with more workgroups is large. */
const SMALL_WORKGROUPS = 16;
/** How long others may take to make room. Their current requests may take that long. */
const ROOM_TIMEOUT_MS = 5_000;
/** A kernel without requests for this time does not count until its next request. */
const IDLE_MS = 500;
/** Number of `hasOthers` calls between two checks for idle kernels. A power of two. Each check reads the clock. */
const QUESTIONS_PER_LOOK = 256;

/** What a strategy can ask about the others on its card. */
export interface Company {
  /** Whether this kernel should make room. */
  readonly hasOthers: boolean;
}

/** What the company must know about a kernel. */
export interface CompanyGuest {
  /** Called when `hasOthers` may have changed. It should check, and release the device if necessary. */
  readonly onChange: () => void;
  /** Whether the kernel has ended its resident launches, if it should. */
  readonly hasMadeRoom: () => boolean;
  /** Whether its launches share a queue with others. Then it never stays beside others. */
  readonly sharesQueue: boolean;
  /**
   * The number of requests published so far; undefined while one is unanswered. Only for kernels that call `hasOthers`
   * when a request is published: these may be idle. Other kernels count as long as they are open.
   */
  readonly quietSince?: () => number | undefined;
}

/** Membership in the company. Disposing it leaves the company. */
export interface CompanyMember extends Company, Disposable {
  /** Resolves when nothing stays on the device, or when the waiting time for the others is over. */
  makeRoom(): Promise<void>;
  /** Notes that the kernel runs with this number of workgroups, so others may stay again. */
  opened(workgroupCount: number): void;
}

/** The key of a device's card, the same in every process. */
export function cardKey({ vendorId, deviceId, deviceUuid }: DeviceInfo): string {
  const key = JSON.stringify([vendorId, deviceId, deviceUuid]);
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

/** Whether the device is hardware, which contexts use in turns. */
export function isCard({ info }: Pick<Device, "info">): boolean {
  return info.type !== "cpu";
}

interface Entry {
  readonly guest: CompanyGuest;
  /** Undefined while the kernel opens. */
  workgroupCount: number | undefined;
  /** Others do not count an idle kernel. Its next request ends that. */
  isIdle: boolean;
  /** The last value of `quietSince`, and since when it has this value. */
  quiet: number | undefined;
  quietSinceMs: number;
}

/** The company of one card, from the viewpoint of this process. */
class CardCompany {
  readonly #presence: Presence;
  /** The kernels on each open device of this process. */
  readonly #entriesOf = new Map<object, Set<Entry>>();
  #entryCount = 0;
  #questions = 0;
  #isTelling = false;

  constructor(key: string) {
    this.#presence = new Presence({ deviceKey: key, onChange: () => this.#notify() });
  }

  get isEmpty(): boolean {
    return this.#entriesOf.size === 0;
  }

  /** Runs at every poll of a kernel, so it reads the clock only from time to time. */
  hasOthers(device: object, entry: Entry): boolean {
    if (entry.isIdle && entry.guest.quietSince?.() !== entry.quiet) {
      entry.isIdle = false;
      this.#notify(entry);
    }
    if (this.#presence.hasOthers) return true;
    if (this.#entryCount === 1) return false;
    if ((++this.#questions & (QUESTIONS_PER_LOOK - 1)) === 0) this.#markIdle();
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
    if (entries.size > 1 || this.#entriesOf.size > 1) this.#notify(entry);
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
    this.#notify();
  }

  leave(device: object, entry: Entry): void {
    const entries = this.#entriesOf.get(device);
    if (entries === undefined || !entries.delete(entry)) return;
    this.#entryCount--;
    if (entries.size === 0) this.#entriesOf.delete(device);
    if (this.isEmpty) this.#presence[Symbol.dispose]();
    else this.#notify();
  }

  /** Marks kernels that had no requests for a while. A kernel without `quietSince` is never marked. */
  #markIdle(): void {
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

  /**
   * Tells members to check. A member may find that it is not idle any more; the caller of this method then tells the
   * others.
   */
  #notify(except?: Entry): void {
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

/** Whether a kernel must make room for another one on its device. */
function excludes(entry: Entry, other: Entry): boolean {
  if (other.workgroupCount === undefined || entry.guest.sharesQueue) return true;
  return (entry.workgroupCount ?? 0) > SMALL_WORKGROUPS;
}

const companies = new Map<string, CardCompany>();

/** Joins the company of a device's card. */
export function joinCompany(device: Pick<Device, "info">, guest: CompanyGuest): CompanyMember {
  return joinCard(cardKey(device.info), device, guest);
}

/** Joins the company of a card with this key. @param device distinguishes the devices of this process */
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

/** The company of a kernel on a software device. There, the system shares the processor, so no kernel makes room. */
export const NO_COMPANY: CompanyMember = {
  hasOthers: false,
  makeRoom: () => Promise.resolve(),
  opened: () => undefined,
  [Symbol.dispose]: () => undefined,
};
