/**
 * Who else uses a card: other processes of everwarp, other devices of this process that stand for the same card, and other kernels
 * on the same device.
 *
 * A card takes turns between contexts, and every open `Device` is one. A kernel that stays keeps its turn until it ends, so
 * kernels of two contexts that both stay keep each other waiting. Kernels of one device run side by side where there is room for both:
 * a small one stays, a large one (it fills the device when it stays) makes room.
 *
 * Whoever keeps a kernel joins the company, and learns from it when to make room (strategies/adaptive.ts):
 *
 *     join ── makeRoom: all others on the device have ended what stays ──▶ launch ── opened ──▶ … ── leave
 *
 * While somebody opens, nobody stays on that device: a driver may hold back the first launch of a new kernel until the device is idle.
 */
import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Device, DeviceInfo } from "../../vulkan/index.ts";
import { Presence } from "./presence.ts";

/** More workgroups than these are a large kernel. */
const SMALL_WORKGROUPS = 16;
/** How long others may take to make room; what they are asked for may take that long. */
const ROOM_TIMEOUT_MS = 5_000;

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
}

/** The company on one card, as this process sees it. */
class CardCompany {
  readonly #presence: Presence;
  /** The kernels on each open device of this process. */
  readonly #entriesOf = new Map<object, Set<Entry>>();

  constructor(key: string) {
    this.#presence = new Presence({ deviceKey: key, onChange: () => this.#tell() });
  }

  get isEmpty(): boolean {
    return this.#entriesOf.size === 0;
  }

  hasOthers(device: object, entry: Entry): boolean {
    if (this.#presence.hasOthers || this.#entriesOf.size > 1) return true;
    const isLarge = (entry.workgroupCount ?? 0) > SMALL_WORKGROUPS;
    for (const other of this.#entriesOf.get(device) ?? []) {
      if (other === entry) continue;
      if (other.workgroupCount === undefined || isLarge || entry.guest.sharesQueue) return true;
    }
    return false;
  }

  enter(device: object, entry: Entry): void {
    const entries = this.#entriesOf.get(device) ?? new Set();
    this.#entriesOf.set(device, entries.add(entry));
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
    if (entries.size === 0) this.#entriesOf.delete(device);
    if (this.isEmpty) this.#presence[Symbol.dispose]();
    else this.#tell();
  }

  #tell(except?: Entry): void {
    for (const entries of this.#entriesOf.values())
      for (const entry of entries) if (entry !== except) entry.guest.onChange();
  }
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
  const entry: Entry = { guest, workgroupCount: undefined };
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

/** For a kernel that nobody has to make room for, and that makes none: on a software device, whose processor the system shares. */
export const NO_COMPANY: CompanyMember = {
  hasOthers: false,
  makeRoom: () => Promise.resolve(),
  opened: () => undefined,
  [Symbol.dispose]: () => undefined,
};
