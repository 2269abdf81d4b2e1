import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceFaultAt, FAULT_POINTS, fileFaultAt, injectFaults } from "./faults.ts";
import { packageRoot } from "./package-root.ts";

const passes = (count: number): (string | undefined)[] =>
  Array.from({ length: count }, () => deviceFaultAt("submit"));

test("nothing happens where nothing is set", () => {
  expect(passes(3)).toEqual([undefined, undefined, undefined]);
  expect(() => fileFaultAt("checkpoint.open")).not.toThrow();
});

test.each([
  ["device-lost@submit", ["device-lost", undefined, undefined, undefined]],
  ["device-lost@submit:3", [undefined, undefined, "device-lost", undefined]],
  ["out-of-memory@submit:2+", [undefined, "out-of-memory", "out-of-memory", "out-of-memory"]],
  [
    "out-of-host-memory@submit, device-lost@submit:3",
    ["out-of-host-memory", undefined, "device-lost", undefined],
  ],
  ["device-lost@fence-status,EIO@checkpoint.open", [undefined, undefined, undefined, undefined]],
  ["", [undefined, undefined, undefined, undefined]],
])("%s", (text, expected) => {
  using _faults = injectFaults(text);
  expect(passes(4)).toEqual(expected);
});

test("counts from the injection on, and disarms only its own", () => {
  passes(5);
  using _outer = injectFaults("device-lost@submit:3");
  const inner = injectFaults("out-of-memory@submit:2+");
  expect(passes(2)).toEqual([undefined, "out-of-memory"]);
  inner[Symbol.dispose]();
  expect(passes(2)).toEqual(["device-lost", undefined]);
});

test("a fault of the file system looks like one of node:fs", () => {
  using _faults = injectFaults("ENOSPC@checkpoint.written:2");
  fileFaultAt("checkpoint.written");
  expect(() => fileFaultAt("checkpoint.written")).toThrow(
    expect.objectContaining({ code: "ENOSPC", errno: -constants.errno.ENOSPC }),
  );
});

test.each([
  ["device-lost", "kind@point:n"],
  ["device-lost@submit:0", "kind@point:n"],
  ["device-lost@submit:-1", "kind@point:n"],
  ["device-lost@submit:1:2", "kind@point:n"],
  ["device-lost@", "kind@point:n"],
  ["kill@nowhere", "create-device, create-pipeline, allocate, submit"],
  ["explode@submit", "kill, device-lost, out-of-memory"],
  ["EIO@submit", "unknown kind at submit: EIO"],
  ["device-lost@checkpoint.open", "unknown kind at checkpoint.open: device-lost"],
  ["kill@toString", "unknown point: toString"],
  ["device-lost@submit,nonsense", "nonsense"],
])("%s is refused, and nothing of it is armed", (text, says) => {
  expect(() => injectFaults(text)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  expect(() => injectFaults(text)).toThrow(says);
  expect(passes(2)).toEqual([undefined, undefined]);
});

test("any text is taken or refused with EW_BAD_ARGUMENT", () => {
  const word = fc.constantFrom(
    "kill",
    "EIO",
    "device-lost",
    "@",
    ":",
    "+",
    ",",
    "1",
    "0",
    " ",
    ...Object.keys(FAULT_POINTS),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 12 }).map((words) => words.join("")),
      ),
      (text) => {
        try {
          injectFaults(text)[Symbol.dispose]();
        } catch (error) {
          expect(error).toMatchObject({ code: "EW_BAD_ARGUMENT" });
        }
      },
    ),
  );
});

const runWith = (fault: string, allowed = "1"): ReturnType<typeof spawnSync> => {
  const faults = JSON.stringify(new URL("faults.ts", import.meta.url).href);
  const script = `import(${faults}).then(({ fileFaultAt }) => { fileFaultAt("restore.read"); console.log("alive"); })`;
  const node = ["--import", "tsx", "--input-type=module", "-e", script];
  return spawnSync(process.execPath, node, {
    env: { ...process.env, EVERWARP_ALLOW_FAULTS: allowed, EVERWARP_FAULT: fault },
    encoding: "utf8",
  });
};

test("EVERWARP_FAULT is read at start: a kill is a SIGKILL, a fault that is not known ends the process", () => {
  expect(runWith("kill@restore.read")).toMatchObject({ signal: "SIGKILL", stdout: "" });
  expect(runWith("kill@restore.read:2")).toMatchObject({ status: 0, stdout: "alive\n" });
  const refused = runWith("kill@restore.reed");
  expect(refused).toMatchObject({ status: 1, stdout: "" });
  expect(refused.stderr).toContain("restore.reed");
});

test("EVERWARP_FAULT has no effect without the switch, right or wrong", () => {
  for (const allowed of ["", "0", "true"]) {
    expect(runWith("kill@restore.read", allowed)).toMatchObject({ status: 0, stdout: "alive\n" });
    expect(runWith("nonsense", allowed)).toMatchObject({ status: 0, stdout: "alive\n" });
  }
});

test("what is not of the form is refused with all that is known", () => {
  for (const name of [...Object.keys(FAULT_POINTS), "kill", "device-lost", "ENOSPC"])
    expect(() => injectFaults("nonsense")).toThrow(name);
});

test("docs/faults.md lists the points as they are", () => {
  const text = readFileSync(join(packageRoot(), "docs", "faults.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z.-]+)` +\| (?:`src|the same).*?\| (.*?) +\|$/gm)];
  expect(rows.map(([, point, standsFor]) => [point, standsFor])).toEqual(
    Object.entries(FAULT_POINTS).map(([point, { standsFor }]) => [point, standsFor]),
  );
});
