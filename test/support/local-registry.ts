/**
 * A registry of npm packages on this machine: it serves what package-lock.json names, from node_modules. With it `npm install` does all
 * that it does for a user, and needs no network.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

interface LockedPackage {
  readonly version: string;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly bin?: Record<string, string>;
  readonly engines?: Record<string, string>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

export interface LocalRegistry extends AsyncDisposable {
  readonly url: string;
  /** What was asked for and is not here, to be told when an installation fails. */
  readonly missing: readonly string[];
}

/** @param root the folder of package-lock.json and node_modules */
export async function serveLockedPackages(root: string): Promise<LocalRegistry> {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  const missing: string[] = [];
  let url = "";

  const description = (name: string): string | undefined => {
    const locked = packages[`node_modules/${name}`];
    if (locked === undefined) return undefined;
    const { version } = locked;
    const dist = { tarball: `${url}${name}/-/${version}.tgz` };
    return JSON.stringify({
      name,
      "dist-tags": { latest: version },
      versions: { [version]: { ...locked, name, dist } },
    });
  };

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const [name = "", file] = path.split("/-/");
    if (file !== undefined && existsSync(join(root, "node_modules", name))) {
      void tarball(join(root, "node_modules", name)).then((bytes) => response.end(bytes));
      return;
    }
    const text = file === undefined ? description(name) : undefined;
    if (text === undefined) {
      missing.push(path);
      response.statusCode = 404;
      response.end("{}");
    } else response.setHeader("content-type", "application/json").end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    missing,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A package as npm publishes it: its files below a folder called "package". */
async function tarball(folder: string): Promise<Buffer> {
  const child = spawn("tar", ["-czf", "-", "--transform", "s,^[.],package,", "-C", folder, "."], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return await buffer(child.stdout);
}
