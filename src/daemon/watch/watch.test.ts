import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eachInFreshFolder } from "../../../test/support/fresh-folder.ts";
import {
  INOTIFY,
  Inotify,
  type InotifyEvent,
  isRemoteType,
  kernelMounts,
  MountTable,
  type NativeInotify,
  pathStamp,
  StampSet,
} from "./index.ts";

let folder: string;
eachInFreshFolder("watch", (fresh) => (folder = fresh));

const MASK = INOTIFY.CREATE | INOTIFY.MODIFY | INOTIFY.DELETE | INOTIFY.MOVED_FROM | INOTIFY.MOVED_TO;

function drained(inotify: Inotify): InotifyEvent[] {
  const events: InotifyEvent[] = [];
  inotify.drain((event) => events.push(event));
  return events;
}

it("tells each change in the call that follows it", () => {
  const inotify = new Inotify();
  const watch = inotify.add(folder, MASK);
  expect(drained(inotify)).toEqual([]);
  const path = join(folder, "ünï");
  const name = Buffer.from("ünï").toString("latin1");
  writeFileSync(path, "");
  expect(drained(inotify)).toEqual([{ watch, mask: INOTIFY.CREATE, name }]);
  appendFileSync(path, "more");
  expect(drained(inotify)).toEqual([{ watch, mask: INOTIFY.MODIFY, name }]);
  renameSync(path, join(folder, "b"));
  expect(drained(inotify)).toEqual([
    { watch, mask: INOTIFY.MOVED_FROM, name },
    { watch, mask: INOTIFY.MOVED_TO, name: "b" },
  ]);
  mkdirSync(join(folder, "c"));
  expect(drained(inotify)).toEqual([{ watch, mask: INOTIFY.CREATE | INOTIFY.IS_DIRECTORY, name: "c" }]);
  inotify.remove(watch);
  expect(drained(inotify)).toEqual([{ watch, mask: INOTIFY.IGNORED, name: "" }]);
  inotify.close();
  expect(drained(inotify)).toEqual([]);
});

it("gives what cannot be watched as the system's number", () => {
  const inotify = new Inotify();
  expect(inotify.add(join(folder, "nowhere"), MASK)).toBe(-2); // ENOENT
  expect(inotify.add(folder, MASK)).toBe(inotify.add(`${folder}/.`, MASK)); // one directory, one watch
  inotify.close();
});

it("says which limit keeps it from opening, and goes on where a read was interrupted", () => {
  const reads = [-4, -11];
  const native: NativeInotify = {
    open: () => 3,
    add: () => 1,
    remove: () => 0,
    read: () => reads.shift() ?? -5,
    close: () => undefined,
  };
  expect(() => new Inotify({ ...native, open: () => -24 })).toThrow(
    expect.objectContaining({
      code: "EW_WATCH_FAILED",
      message: expect.stringContaining("max_user_instances"),
    }),
  );
  const inotify = new Inotify(native);
  expect(drained(inotify)).toEqual([]);
  expect(() => drained(inotify)).toThrow(expect.objectContaining({ code: "EW_WATCH_FAILED" }));
});

const ROOT = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
const HOME = "30 22 0:40 / /home/me/my\\040files rw - nfs4 server:/export rw,vers=4.2";

it("finds the file system of a path, and what was mounted since", () => {
  let text = `${ROOT}\n${HOME}\n`;
  const mounts = new MountTable({ read: () => text, mayDiffer: () => true, close: () => undefined });
  expect(mounts.typeOf("")).toBe("ext4");
  expect(mounts.typeOf("/home/me")).toBe("ext4");
  expect(mounts.typeOf("/home/me/my files/a")).toBe("nfs4");
  expect(mounts.refresh()).toEqual([]);
  text = `${ROOT}\n31 22 0:41 / /mnt rw - tmpfs none rw\n`;
  expect(mounts.refresh().toSorted()).toEqual(["/home/me/my files", "/mnt"]);
  expect(mounts.typeOf("/mnt/x")).toBe("tmpfs");
});

it("reads the table of mounts again where the kernel says that it changed, and only then", () => {
  let isOther = false;
  let reads = 0;
  const read = (): string => `${reads++ === 0 ? ROOT : HOME}\n`;
  const mounts = new MountTable({ read, mayDiffer: () => isOther, close: () => undefined });
  expect(mounts.refresh()).toEqual([]);
  expect(reads).toBe(1);
  isOther = true;
  expect(mounts.refresh().toSorted()).toEqual(["/", "/home/me/my files"]);
  const kernel = kernelMounts();
  expect(kernel.read()).toContain(" / ");
  // Somebody else may mount something just now.
  expect([kernel.mayDiffer(), kernel.mayDiffer(), kernel.mayDiffer()]).toContain(false);
  kernel.close();
  expect(kernel.mayDiffer()).toBe(false);
});

it.each([
  ["nfs", true],
  ["fuse.sshfs", true],
  ["9p", true],
  ["ext4", false],
  ["overlay", false],
  ["tmpfs", false],
])("%s is remote: %s", (type, isRemote) => expect(isRemoteType(type)).toBe(isRemote));

it("notices every path that leads elsewhere, or to something that changed", () => {
  const path = join(folder, "rules");
  const old = new Date(Date.now() - 60_000);
  const isUnchangedAfter = (change: () => void): boolean => {
    const stamps = new StampSet();
    stamps.add(path);
    change();
    return stamps.isUnchanged();
  };
  expect(isUnchangedAfter(() => undefined)).toBe(true); // there is none
  expect(isUnchangedAfter(() => writeFileSync(path, "a"))).toBe(false);
  expect(isUnchangedAfter(() => utimesSync(path, old, old))).toBe(false);
  expect(
    isUnchangedAfter(() => {
      writeFileSync(path, "b");
      utimesSync(path, old, old);
    }),
  ).toBe(false);
  expect(isUnchangedAfter(() => rmSync(path))).toBe(false);
  expect(isUnchangedAfter(() => symlinkSync("/etc/hostname", path))).toBe(false);
});

it("does not trust a stamp of the moment", () => {
  const path = join(folder, "rules");
  writeFileSync(path, "a");
  const stamps = new StampSet((path) => pathStamp(path, () => 0)); // everything changed after this moment
  stamps.add(path);
  expect(stamps.isUnchanged()).toBe(false); // another write could have had the same time
});
