/** Namespaces on the host for tests. Each is closed after the test that opened it. */
import { afterEach, expect } from "vitest";
import { Namespace } from "../../src/paths/namespace/namespace.ts";
import type { NamespaceOptions } from "../../src/paths/namespace/options.ts";

/** Namespaces that are open. One that a test opened by itself and adds here is closed with them. */
export const opened: Namespace[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((files) => files.close()));
});
/** An empty namespace. */
export async function open(options: NamespaceOptions = {}): Promise<Namespace> {
  const files = await Namespace.open({ device: "cpu", threads: 2, maxEntries: 100_000, ...options });
  opened.push(files);
  return files;
}

/** What a promise is rejected with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should fail"),
    (error: unknown) => error,
  );
}

/** A namespace with a few names, a symlink among them. */
export async function small(options: NamespaceOptions = {}): Promise<Namespace> {
  const files = await open(options);
  await files.addDirectory("/src/paths", { recursive: true });
  await files.addFile("/src/main.rs");
  await files.addSymlink("../docs", "/src/paths/docs");
  await files.addDirectory("/docs");
  return files;
}
