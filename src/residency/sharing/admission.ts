/**
 * Admission to a device: which kernels share it, and on which queues.
 *
 *     main queue      bounded kernels, any number: their launches end, so they follow each other.
 *                     Adaptive kernels, if no queue is left.
 *     leased queues   one resident or adaptive kernel each: a resident launch blocks everything behind it
 *
 * Invariants: a queue with a resident kernel has no other kernel. A resident kernel gets the main queue only if there
 * is no other kernel. So a device with one queue holds one resident kernel, or any number of bounded ones. Admission
 * never waits and never uses the driver: a kernel is refused before anything is launched.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device, Queue, QueueLease } from "../../vulkan/index.ts";

/** `resident`: its launch stays. `bounded`: its launches end by themselves. `adaptive`: changes between both. */
export type KernelKind = "resident" | "bounded" | "adaptive";

/** A kernel's request for admission. */
export interface AdmissionRequest {
  readonly kind: KernelKind;
  /** The kernel's name in messages. */
  readonly label: string;
  /** Number of resident workgroups; 1 if not given. */
  readonly workgroupCount?: number;
  /** Maximum number of workgroups that the device keeps resident, over all kernels, if it was measured. */
  readonly maxWorkgroups?: number | undefined;
}

/** A kernel's place on a device. */
export interface Place {
  /** The queue for its launches. */
  readonly queue: Queue;
  readonly kind: KernelKind;
  readonly label: string;
  readonly workgroupCount: number;
  /** Gives the place back. Nothing of the kernel may be running. A second call does nothing. */
  leave(): void;
}

/** The part of a device that admission needs. */
export type AdmissionDevice = Pick<Device, "queue" | "leaseComputeQueue"> & {
  readonly info: { readonly name: string };
};

/** The kernels of one device. See the head of this file. */
export class Admission {
  readonly #device: AdmissionDevice;
  readonly #places = new Set<Place>();

  constructor(device: AdmissionDevice) {
    this.#device = device;
  }

  /** The admitted kernels. */
  get places(): readonly Place[] {
    return [...this.#places];
  }

  /**
   * Admits a kernel.
   *
   * @throws EW_NO_ROOM if the admitted kernels leave no place
   */
  enter(request: AdmissionRequest): Place {
    const { kind, label, workgroupCount = 1, maxWorkgroups } = request;
    if (kind === "resident") this.#assertWorkgroups(label, workgroupCount, maxWorkgroups);
    const lease = kind === "bounded" ? undefined : this.#device.leaseComputeQueue();
    if (lease === undefined) this.#assertMainQueue(kind, label);
    return this.#place({ kind, label, workgroupCount }, lease);
  }

  #place(of: Pick<Place, "kind" | "label" | "workgroupCount">, lease: QueueLease | undefined): Place {
    const place: Place = {
      ...of,
      queue: lease?.queue ?? this.#device.queue,
      leave: () => {
        if (this.#places.delete(place)) lease?.release();
      },
    };
    this.#places.add(place);
    return place;
  }

  #assertWorkgroups(label: string, workgroupCount: number, maxWorkgroups: number | undefined): void {
    if (maxWorkgroups === undefined) return;
    const resident = this.places.filter(({ kind }) => kind === "resident");
    const held = resident.reduce((sum, place) => sum + place.workgroupCount, 0);
    if (held + workgroupCount <= maxWorkgroups) return;
    throw this.#noRoom(
      label,
      `it needs ${workgroupCount} workgroups. The device runs ${maxWorkgroups} at a time, ` +
        `and ${named(resident)} already holds ${held}`,
      "Launch it with fewer workgroups, or stop one of the others.",
    );
  }

  #assertMainQueue(kind: KernelKind, label: string): void {
    const { queue } = this.#device;
    if (kind !== "resident") {
      const holder = this.places.find((place) => place.kind === "resident" && place.queue === queue);
      if (holder === undefined) return;
      throw this.#noRoom(
        label,
        `the resident kernel "${holder.label}" holds the only queue`,
        `Stop "${holder.label}", or launch both with the strategy batch. Kernels of that strategy share a queue.`,
      );
    }
    if (this.#places.size === 0) return;
    throw this.#noRoom(
      label,
      `a kernel that stays needs a queue of its own. No queue is free, because of ${named(this.places)}`,
      "Stop one of them, or choose the strategy batch for all. Kernels of that strategy share a queue.",
    );
  }

  #noRoom(label: string, why: string, remedy: string): EverwarpError {
    return new EverwarpError("EW_NO_ROOM", `no room for "${label}" on ${this.#device.info.name}: ${why}`, {
      remedy,
    });
  }
}

function named(places: readonly Place[]): string {
  if (places.length === 0) return "nobody";
  return places.map(({ label, kind }) => `"${label}" (${kind})`).join(", ");
}

const admissions = new WeakMap<AdmissionDevice, Admission>();

/** The admission of a device. All its kernels share it. */
export function admissionOf(device: AdmissionDevice): Admission {
  let admission = admissions.get(device);
  if (admission === undefined) {
    admission = new Admission(device);
    admissions.set(device, admission);
  }
  return admission;
}
