import { fork } from "node:child_process";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { announcedProcesses, Presence } from "./presence.ts";

const opened: Disposable[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one[Symbol.dispose]();
});

let keys = 0;
function freshKey(): string {
  return `test-${process.pid}-${keys++}`;
}

function announce(deviceKey: string, onChange?: () => void): Presence {
  const presence = new Presence({ deviceKey, ...(onChange === undefined ? {} : { onChange }) });
  opened.push(presence);
  return presence;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

describe("presence", () => {
  it("shows two processes on one device to each other, whoever came first", async () => {
    const key = freshKey();
    const first = announce(key);
    const second = announce(key);
    await until(() => first.hasOthers && second.hasOthers);
    second[Symbol.dispose]();
    await until(() => !first.hasOthers);
    expect(second.hasOthers).toBe(false);
  });

  it("keeps the devices apart", async () => {
    const key = freshKey();
    const first = announce(key);
    const other = announce(freshKey());
    const second = announce(key);
    await until(() => first.hasOthers && second.hasOthers);
    expect(other.hasOthers).toBe(false);
  });

  it("reports the first arrival and the last departure, and none in between", async () => {
    const key = freshKey();
    let changes = 0;
    const watcher = announce(key, () => changes++);
    await until(() => announcedProcesses(key).length === 1);
    const others = [announce(key), announce(key), announce(key)];
    await until(() => watcher.hasOthers && others.every(({ hasOthers }) => hasOthers));
    expect(changes).toBe(1);
    others[0][Symbol.dispose]();
    others[1][Symbol.dispose]();
    await until(() => others[2].hasOthers);
    expect(changes).toBe(1);
    others[2][Symbol.dispose]();
    await until(() => !watcher.hasOthers);
    expect(changes).toBe(2);
  });

  it("notices the end of a killed process, and lists a living one by its process id", async () => {
    const key = freshKey();
    const source = `import { Presence } from ${JSON.stringify(new URL("presence.ts", import.meta.url).href)};
      new Presence({ deviceKey: ${JSON.stringify(key)} }); setInterval(() => {}, 1000);`;
    const child = fork("/dev/null", {
      execArgv: ["--import", "tsx", "--import", `data:text/javascript,${encodeURIComponent(source)}`],
    });
    const watcher = announce(key);
    await until(() => watcher.hasOthers);
    expect(announcedProcesses(key)).toContain(child.pid);
    expect(announcedProcesses(key)).toContain(process.pid);
    child.kill("SIGKILL");
    // The system closes the sockets of a process one by one, so either of the two may be noticed first.
    await until(() => !watcher.hasOthers && announcedProcesses(key).length === 1);
    expect(announcedProcesses(key)).toEqual([process.pid]);
  });

  it("disconnects a peer that sends data", async () => {
    const key = freshKey();
    const watcher = announce(key);
    const talker = net.connect({ path: await nameOf(key) });
    talker.on("error", () => undefined);
    await until(() => watcher.hasOthers);
    talker.write("x");
    await until(() => !watcher.hasOthers);
  });
});

/** The name under which this process is announced, including the zero byte. */
async function nameOf(deviceKey: string): Promise<string> {
  const { readFileSync } = await import("node:fs");
  for (;;) {
    const found = new RegExp(`@(everwarp/${deviceKey}/[^@\\s]+)`).exec(
      readFileSync("/proc/net/unix", "utf8"),
    );
    if (found !== null) return `\0${found[1]}`;
    await sleep(1);
  }
}
