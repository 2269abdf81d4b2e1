/**
 * Draining the CPU's write-combining buffers.
 *
 * Upload memory on a discrete GPU is mapped write-combined: stores gather in buffers of the CPU and leave it late and
 * in any order. A locked read-modify-write on ordinary memory drains them (x86; the idiom of rdma-core's
 * `mmio_flush_writes` for i386). It must never touch the mapping itself: a locked access to it is a bus lock. On
 * processors whose memory order is weaker this does not order stores to a device; there the doorbell litmus of the
 * device profile decides whether a kernel may stay resident.
 */

const drain = new Int32Array(1);

/** Returns when every store made before it has left for the device. About 20 ns. */
export function drainWriteCombining(): void {
  Atomics.add(drain, 0, 1);
}
