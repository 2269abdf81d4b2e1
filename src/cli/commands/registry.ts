/** The commands other than `search`. Each is a module that is loaded when it is called. */
import type { CommandContext } from "../terminal/index.ts";

/**
 * What the module of a command exports. `argv` has the arguments after the command's name. Returns the exit
 * code.
 */
export interface CommandModule {
  run(argv: readonly string[], context: CommandContext): Promise<number>;
}

/** A command of `everwarp`. */
export interface RegisteredCommand {
  name: string;
  /** A few words for `everwarp help`. */
  summary: string;
  load(): Promise<CommandModule>;
}

/** All commands but `search`, in the order of help. */
export const COMMANDS: readonly RegisteredCommand[] = [
  {
    name: "bench",
    summary: "measure this machine (everwarp bench --help)",
    load: () => import("./bench.ts"),
  },
  {
    name: "cache",
    summary: "look after the programs kept on disk (everwarp cache --help)",
    load: () => import("./cache.ts"),
  },
  {
    name: "client",
    summary: "install the native client of the daemon (everwarp client --help)",
    load: () => import("./client.ts"),
  },
  {
    name: "doctor",
    summary: "show what this machine offers: devices, drivers, strategies",
    load: () => import("./doctor.ts"),
  },
  {
    name: "lint",
    summary: "check kernels for what makes a device hang (everwarp lint --help)",
    load: () => import("./lint.ts"),
  },
  {
    name: "live",
    summary: "search as you type (everwarp live --help)",
    load: () => import("./live.ts"),
  },
  {
    name: "mcp",
    summary: "serve agents that speak MCP (everwarp mcp --help)",
    load: () => import("./mcp.ts"),
  },
  {
    name: "paths",
    summary: "resolve very many paths of a tree (everwarp paths --help)",
    load: () => import("./paths.ts"),
  },
  {
    name: "serve",
    summary: "keep a daemon that answers searches (everwarp serve --help)",
    load: () => import("./serve.ts"),
  },
  {
    name: "wasm",
    summary: "run WebAssembly modules, and look into them (everwarp wasm --help)",
    load: () => import("./wasm.ts"),
  },
];
