/** Everything that everwarp offers. Each part has an entry of its own, too: `everwarp/search`, `everwarp/paths`, … */
export * from "./public/daemon.ts";
export * from "./public/device.ts";
export * from "./public/errors.ts";
export * from "./public/paths.ts";
export * from "./public/programs.ts";
export * from "./public/residency.ts";
export * from "./public/search.ts";
export * from "./public/wasm.ts";
