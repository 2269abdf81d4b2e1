/**
 * Detects other everwarp processes that have the same device open.
 *
 * Every process listens on a socket with an abstract name, `everwarp/DEVICE/PID-NUMBER`, and connects to the sockets
 * that exist already. A connection represents the process at its other end: it opens when that process arrives, and
 * closes when that process ends, however it ends. Nothing is written to disk, so nothing is left behind. Nothing polls.
 *
 *     A  bind ─ look ─────────────── accept ◀──── connect ─ look ─ bind  B
 *
 * Each process binds before it looks, so at least one of two sees the other.
 *
 * Guarantees: an announcement keeps no event loop alive. Data from other processes is not read. A process that cannot
 * announce itself continues as if it were alone. Processes in different network namespaces (containers) do not see each
 * other. Their effect on each other shows in the gaps between launches (strategies/adaptive.ts).
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import net from "node:net";

/** Maximum number of peers. Further connections give no new information. */
const PEERS_MAX = 64;
const SOCKET_TABLE = "/proc/net/unix";

/** Options of an announcement. */
export interface PresenceOptions {
  /** The name of the device, the same in every process: letters, digits and hyphens. */
  readonly deviceKey: string;
  /** Called at the first arrival of another process, and after the last departure. */
  readonly onChange?: () => void;
}

/** The announcement of this process to others that use a device. */
export class Presence implements Disposable {
  readonly #name: string;
  readonly #server: net.Server;
  readonly #peers = new Set<net.Socket>();
  readonly #onChange: () => void;
  #isClosed = false;

  constructor({ deviceKey, onChange = () => undefined }: PresenceOptions) {
    this.#name = `${prefixOf(deviceKey)}${process.pid}-${randomBytes(8).toString("hex")}`;
    this.#onChange = onChange;
    this.#server = net.createServer((socket) => this.#greet(socket));
    this.#server.maxConnections = PEERS_MAX;
    // Without abstract names (not on Linux), every process counts as alone.
    this.#server.on("error", () => this.#server.close());
    this.#server.listen({ path: abstract(this.#name) }, () => {
      for (const name of announced(prefixOf(deviceKey)).slice(0, PEERS_MAX))
        if (name !== this.#name) this.#greet(net.connect({ path: abstract(name) }));
    });
    this.#server.unref();
  }

  /** Whether another process uses the device. */
  get hasOthers(): boolean {
    return this.#peers.size > 0;
  }

  /** Withdraws the announcement. A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.close();
    for (const peer of this.#peers) peer.destroy();
    this.#peers.clear();
  }

  #greet(socket: net.Socket): void {
    const isIncoming = !socket.connecting;
    const enter = (): void => {
      if (this.#isClosed) {
        socket.destroy();
        return;
      }
      this.#peers.add(socket);
      if (this.#peers.size === 1) this.#onChange();
    };
    socket.unref();
    // Peers send nothing. Data means a stranger.
    socket.on("data", () => socket.destroy());
    // The peer may have ended between the look and the connection.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#peers.delete(socket) && this.#peers.size === 0 && !this.#isClosed) this.#onChange();
    });
    if (isIncoming) enter();
    else socket.on("connect", enter);
  }
}

/**
 * Process ids of the everwarp processes that have a device open, including this one. Empty if the system does not tell.
 */
export function announcedProcesses(deviceKey: string): number[] {
  const prefix = prefixOf(deviceKey);
  const processes = announced(prefix).map((name) => Number.parseInt(name.slice(prefix.length), 10));
  return [...new Set(processes.filter(Number.isSafeInteger))].toSorted((a, b) => a - b);
}

function prefixOf(deviceKey: string): string {
  return `everwarp/${deviceKey}/`;
}

function abstract(name: string): string {
  return `\0${name}`;
}

/** Names of listening sockets. The system shows the zero bytes around an abstract name as `@`. */
function announced(prefix: string): string[] {
  let table: string;
  try {
    table = readFileSync(SOCKET_TABLE, "utf8");
  } catch {
    return []; // not on Linux
  }
  const names = new Set<string>();
  for (const line of table.split("\n")) {
    const at = line.indexOf(` @${prefix}`);
    if (at !== -1) names.add(line.slice(at + 2).replace(/@+$/, ""));
  }
  return [...names];
}
