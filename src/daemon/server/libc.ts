/** The two calls of the C library that Node does not have: who is at the other end of a socket, and locks of files. */
import { requireDependency } from "../../base/index.ts";
import type * as Koffi from "koffi";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred of Linux: process, user, group; 32 bits each. */
const CREDENTIALS_BYTES = 12;
const LOCK_EX = 2;
const LOCK_NB = 4;

interface Libc {
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint32Array): number;
  flock(fd: number, operation: number): number;
}

let libc: Libc | undefined;

/** @throws EW_PACKAGE_INCOMPLETE, and the loader's error on a system without this library */
function load(): Libc {
  if (libc !== undefined) return libc;
  const koffi = requireDependency("koffi") as typeof Koffi;
  const library = koffi.load("libc.so.6");
  libc = {
    getsockopt: library.func("int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)"),
    flock: library.func("int flock(int, int)"),
  };
  return libc;
}

/** The user of the process at the other end of a Unix socket. @returns undefined where the system does not tell */
export function peerUserId(fd: number): number | undefined {
  const value = new Uint8Array(CREDENTIALS_BYTES);
  const length = new Uint32Array([CREDENTIALS_BYTES]);
  if (load().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0) return undefined;
  if (length[0] !== CREDENTIALS_BYTES) return undefined;
  return new DataView(value.buffer).getUint32(4, true);
}

/**
 * Locks an open file for this process alone, without waiting. The system unlocks it when the file is closed, and so
 * also when the process dies.
 * @returns false where another process has the lock
 */
export function lockFile(fd: number): boolean {
  return load().flock(fd, LOCK_EX | LOCK_NB) === 0;
}
