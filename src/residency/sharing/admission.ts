/**
 * Admission to a device: which kernels share it, and on which queues.
 *
 *     main queue      bounded kernels, any number: their launches end, so they follow one another.
 *                     Adaptive kernels, where no queue is left.
 *     leased queues   one resident or adaptive kernel each: a launch that stays keeps everything behind it waiting
 *
 * Invariants: a queue with a resident kernel has nobody else on it. The main queue is given to a resident kernel only
 * where there is no other kernel. So a device with one queue holds one resident kernel, or any number of bounded ones.
 * Nothing here waits, and nothing asks the device: what is refused is refused before anything is launched.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device, Queue, QueueLease } from "../../vulkan/index.ts";

/**
 * `resident`: a launch that stays. `bounded`: launches that end by themselves. `adaptive`: one or the other, as others
 * let it.
 */
export type KernelKind = "resident" | "bounded" | "adaptive";

/** What a kernel asks of a device. */
export interface AdmissionRequest {
  readonly kind: KernelKind;
  /** What messages call the kernel. */
  readonly label: string;
  /** Workgroups that stay together; 1 if not given. */
  readonly workgroupCount?: number;
  /** Workgroups that the device keeps together, of all resident kernels, where that was measured. */
  readonly maxWorkgroups?: number | undefined;
}

/** A kernel's place on a device. */
export interface Place {
  /** Where its launches are submitted. */
  readonly queue: Queue;
  readonly kind: KernelKind;
  readonly label: string;
  readonly workgroupCount: number;
  /** Gives the place back, when nothing of the kernel runs any more. A second call does nothing. */
  leave(): void;
}

/** What admission needs of a device. */
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

  /** The kernels that are there. */
  get places(): readonly Place[] {
    return [...this.#places];
  }

  /**
   * Gives a kernel its place.
   *
   * @throws EW_NO_ROOM where the kernels that are there leave none
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
      `it wants ${workgroupCount} workgroups, ${held} are held by ${named(resident)}, and the device keeps ${maxWorkgroups} together`,
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
        `its only queue is held by the resident kernel "${holder.label}"`,
        `Stop "${holder.label}", or launch both with the strategy batch: those share a queue.`,
      );
    }
    if (this.#places.size === 0) return;
    throw this.#noRoom(
      label,
      `a kernel that stays needs a queue of its own, and all are taken by ${named(this.places)}`,
      "Stop one of them, or choose the strategy batch for all: those share a queue.",
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

/** The admission of a device: one for all its kernels. */
export function admissionOf(device: AdmissionDevice): Admission {
  let admission = admissions.get(device);
  if (admission === undefined) {
    admission = new Admission(device);
    admissions.set(device, admission);
  }
  return admission;
}
