/**
 * Drains the CPU's write-combining buffers.
 *
 * Upload memory on a discrete GPU is mapped write-combined. Stores gather in CPU buffers, and leave them late and in
 * any order. A locked read-modify-write on ordinary memory drains these buffers on x86; rdma-core's `mmio_flush_writes`
 * for i386 does the same. The locked access must never touch the mapping itself, because that would be a bus lock. On
 * processors with a weaker memory order, this does not order stores to a device. There, the doorbell litmus of the
 * device profile decides whether a kernel may stay resident.
 */

const drain = new Int32Array(1);

/** Returns when every earlier store has left for the device. Takes about 20 ns. */
export function drainWriteCombining(): void {
  Atomics.add(drain, 0, 1);
}
