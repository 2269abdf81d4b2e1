/** A program in a real terminal multiplexer: keys in, screen out. */
import { execFileSync } from "node:child_process";
import { until } from "./patience.ts";

/** Why tests need tmux and have none; undefined where it is there. */
export const multiplexerMissing: string | undefined = (() => {
  try {
    execFileSync("tmux", ["-V"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs tmux";
  }
})();

let count = 0;

/** A window of tmux in which a shell command runs. Each has a server of its own, without anybody's configuration. */
export class Window {
  readonly #server = `everwarp-${process.pid}-${count++}`;

  /** @param command for a shell; when it ends, the window stays */
  constructor(
    command: string,
    env: Readonly<Record<string, string>>,
    { columns = 80, rows = 24 }: { columns?: number; rows?: number } = {},
  ) {
    const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    // The shell does nothing more than wait, so what was on its screen stays.
    const script = `${command}\nwhile :; do sleep 1000; done`;
    const size = ["-x", String(columns), "-y", String(rows)];
    const shell = ["env", "-u", "NO_COLOR", ...given, "/bin/sh", "-c", script];
    this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, ...shell);
  }

  /** Names of keys as tmux knows them, such as `C-c` and `M-w`. */
  keys(...names: string[]): void {
    this.#tmux("send-keys", ...names);
  }

  /** Text, or whatever bytes a terminal sends. */
  type(text: string): void {
    this.#tmux("send-keys", "-l", "--", text);
  }

  paste(text: string): void {
    this.#tmux("set-buffer", "--", text);
    this.#tmux("paste-buffer", "-p");
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Rows without the spaces at their ends. */
  get rows(): string[] {
    return this.#tmux("capture-pane", "-p").split("\n").slice(0, -1);
  }

  /** The screen with its colours. */
  get colored(): string {
    return this.#tmux("capture-pane", "-p", "-e");
  }

  /** What tmux knows of the pane, in its own format. */
  about(format: string): string {
    return this.#tmux("display-message", "-p", format).trim();
  }

  /** Waits until the screen is so. @returns it */
  async until(isSo: (rows: readonly string[]) => boolean): Promise<readonly string[]> {
    let rows: readonly string[] = [];
    await until(() => isSo((rows = this.rows)), 20);
    return rows;
  }

  /** Waits for a text anywhere on the screen. @returns the screen */
  untilShown(text: string | RegExp): Promise<readonly string[]> {
    return this.until((rows) =>
      rows.some((row) => (typeof text === "string" ? row.includes(text) : text.test(row))),
    );
  }

  close(): void {
    try {
      this.#tmux("kill-server");
    } catch {
      // It has ended already.
    }
  }

  #tmux(...words: string[]): string {
    return execFileSync("tmux", ["-L", this.#server, ...words], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
}
