/** A daemon as a real process, in a place of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askForReport, askToStop } from "../../src/daemon/client/control.ts";
import type { DaemonReport } from "../../src/daemon/protocol/answers.ts";
import { type RuntimeFolder, runtimeFolder } from "../../src/daemon/protocol/runtime-folder.ts";
import { bundledCommandLine } from "./cli-process.ts";

/** The place of a daemon: a folder with a short path, for sockets have little room. */
export class DaemonPlaceForTests implements Disposable {
  readonly #path = mkdtempSync(join(tmpdir(), "ew-place-"));
  readonly env = { XDG_RUNTIME_DIR: this.#path };
  readonly at: RuntimeFolder = runtimeFolder(this.env);

  /** Runs `everwarp serve`, and waits until it serves. */
  async serve(...words: readonly string[]): Promise<DaemonProcess> {
    const daemon = await this.start(...words);
    if (!(await daemon.serves)) throw new Error(`the daemon ended: ${daemon.errors}`);
    return daemon;
  }

  /** Runs `everwarp serve`, and waits for nothing. */
  async start(...words: readonly string[]): Promise<DaemonProcess> {
    return new DaemonProcess(await bundledCommandLine(), words, this.env);
  }

  report(): Promise<DaemonReport> {
    return askForReport(this.at);
  }

  async stop(): Promise<void> {
    await askToStop(this.at);
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}

/** `everwarp serve` as a process. */
export class DaemonProcess {
  readonly child: ChildProcess;
  /** It listens; false where it ended before. */
  readonly serves: Promise<boolean>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  errors = "";

  constructor(program: string, words: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [program, "serve", ...words], {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.ended = once(this.child, "exit").then(([code, signal]) => (signal ?? code) as number | string);
    const said = new Promise<boolean>((resolve) => {
      this.child.stderr?.on("data", (text: Buffer) => {
        this.errors += text.toString();
        if (this.errors.includes("everwarp: serving ")) resolve(true);
      });
    });
    this.serves = Promise.race([said, this.ended.then(() => false)]);
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
