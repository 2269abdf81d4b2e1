/** A project of a user's, made as the README says: `npm init -y`, then `npm install` of the packed package. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { packageRoot } from "../../src/base/package-root.ts";
import { serveLockedPackages } from "./local-registry.ts";

export interface ProgramEnd {
  /** Exit status, or the signal that ended it. */
  readonly end: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own, outside of this repository. */
export class UserProject {
  readonly path = mkdtempSync(join(tmpdir(), "everwarp-user-"));

  /** Writes a file, and its folders. */
  file(name: string, content: string): this {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content);
    return this;
  }

  /** Runs a program in the project, whatever its result. */
  async run(program: string, words: readonly string[], folder = this.path): Promise<ProgramEnd> {
    const child = spawn(program, words, {
      cwd: folder,
      env: userEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [status, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit") as Promise<[number | null, string | null]>,
    ]);
    return { end: signal ?? status ?? -1, stdout, stderr };
  }

  /** @throws with what npm said, where it fails */
  async npm(...words: string[]): Promise<void> {
    const { end, stdout, stderr } = await this.run("npm", words);
    if (end !== 0) throw new Error(`npm ${words.join(" ")} ended with ${end}:\n${stdout}${stderr}`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * Packs everwarp, and installs the tarball and other packages into a new project. Dependencies come from a registry on this machine.
 * @param others packages that package-lock.json names
 */
export async function installedProject(others: readonly string[]): Promise<UserProject> {
  const project = new UserProject();
  try {
    const tools = { path: packageRoot() };
    // `prepare` builds where what was built is older than its sources.
    const packed = await project.run("npm", ["pack", "--pack-destination", project.path], tools.path);
    if (packed.end !== 0) throw new Error(`npm pack ended with ${packed.end}:\n${packed.stderr}`);
    const tarball = readdirSync(project.path).find((name) => name.endsWith(".tgz"));
    if (tarball === undefined) throw new Error(`npm pack left no tarball:\n${packed.stdout}`);
    await project.npm("init", "-y");
    await using registry = await serveLockedPackages(packageRoot());
    const from = [
      "--registry",
      registry.url,
      "--cache",
      join(project.path, ".npm-cache"),
      "--no-audit",
      "--no-fund",
    ];
    try {
      await project.npm("install", ...from, `./${tarball}`);
      if (others.length > 0) await project.npm("install", ...from, "--save-dev", ...others);
    } catch (error) {
      throw new Error(`${String(error)}\nnot in the registry: ${registry.missing.join(", ")}`, {
        cause: error,
      });
    }
    return project;
  } catch (error) {
    project.remove();
    throw error;
  }
}

/** The tests' own environment, without what npm and vitest put into it for their children. */
function userEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|TEST$|INIT_CWD$)/.test(name)),
  );
}
