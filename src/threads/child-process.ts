/** Runs a program in a process of its own, with a time limit. The caller continues whatever the program does. */
import { spawn } from "node:child_process";
import { EverwarpError } from "../base/index.ts";

/** How long a killed process may take to end. A process that a driver blocks inside the kernel never ends. */
const GRACE_MS = 1_000;
const OUTPUT_BYTES_MAX = 16 * 2 ** 20;

/** A process survived its kill. It is left alone. Do not rely on anything that it used. */
export class StuckProcessError extends EverwarpError {
  /** A mark, because `instanceof` does not distinguish subclasses of EverwarpError. */
  readonly isStuck = true;
}

/**
 * Runs a program and collects its output.
 * @param env variables in addition to those of this process
 * @returns its standard output
 * @throws EW_TIMEOUT if it did not end in time (`StuckProcessError` if it could not even be killed), EW_WORKER_DIED if
 * it ended by a signal or with an exit code other than 0, or could not be started
 */
export function runChild(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    let sizeBytes = 0;
    let isTimedOut = false;
    let grace: NodeJS.Timeout | undefined;
    const seconds = `${timeoutMs / 1000} s`;
    const timer = setTimeout(() => {
      isTimedOut = true;
      child.kill("SIGKILL");
      grace = setTimeout(() => {
        // The process is abandoned: close this side of its pipes, and stop waiting for it.
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
        reject(
          new StuckProcessError("EW_TIMEOUT", `it did not end within ${seconds}. It could not be killed`, {
            remedy: "The driver holds it; the machine may have to be restarted.",
          }),
        );
      }, GRACE_MS);
    }, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      clearTimeout(grace);
    };
    const collect = (chunks: Buffer[]) => (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= OUTPUT_BYTES_MAX) chunks.push(chunk);
    };
    child.stdout.on("data", collect(out));
    child.stderr.on("data", collect(errors));
    child.on("error", (cause) => {
      settle();
      reject(new EverwarpError("EW_WORKER_DIED", `it could not be started: ${cause.message}`, { cause }));
    });
    child.on("close", (code, signal) => {
      settle();
      if (isTimedOut) reject(new EverwarpError("EW_TIMEOUT", `it did not end within ${seconds}`));
      else if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
      else {
        const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
        const last = Buffer.concat(errors).toString("utf8").trim().split("\n").at(-1) ?? "";
        reject(new EverwarpError("EW_WORKER_DIED", last === "" ? `it ${how}` : `it ${how}: ${last}`));
      }
    });
  });
}
