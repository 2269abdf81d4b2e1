import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { driverManifests, whyNoHardware } from "./vulkan-presence.ts";

const top = mkdtempSync(join(tmpdir(), "everwarp-presence-"));
afterAll(() => rmSync(top, { recursive: true }));

let root: string;
let count = 0;
beforeEach(() => {
  root = join(top, String(count++));
});
function touch(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "{}");
  }
}

it("needs the manifest of a hardware driver, and a device file", () => {
  expect(whyNoHardware({}, root)).toBe("no Vulkan driver found");
  touch("usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "usr/share/vulkan/icd.d/README");
  expect(whyNoHardware({}, root)).toBe("only a software Vulkan driver found");
  touch("etc/vulkan/icd.d/nvidia_icd.json");
  expect(whyNoHardware({}, root)).toBe("no GPU found");
  touch("dev/nvidia-uvm", "dev/dri/by-path", "dev/null");
  expect(whyNoHardware({}, root)).toBe("no GPU found");
  touch("dev/nvidia0");
  expect(whyNoHardware({}, root)).toBeUndefined();
});

it.each(["dev/dri/renderD128", "dev/dri/card1", "dev/nvidiactl", "dev/dxg", "dev/mali0"])(
  "knows %s",
  (path) => {
    touch("usr/local/share/vulkan/icd.d/some_icd.json", path);
    expect(whyNoHardware({}, root)).toBeUndefined();
  },
);

it("reads the same folders as the Vulkan loader", () => {
  touch(
    "home/.config/vulkan/icd.d/a.json",
    "home/.local/share/vulkan/icd.d/b.json",
    "data/vulkan/icd.d/c.json",
  );
  touch("etc/xdg/vulkan/icd.d/d.json", "named/e.json", "added/f.json", "usr/share/vulkan/icd.d/g.json");
  const env = { HOME: join(root, "home"), XDG_DATA_DIRS: `/nowhere:${join(root, "data")}` };
  const names = (more: object): string =>
    driverManifests({ ...env, ...more }, root)
      .map((path) => path.at(-6) ?? "")
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join("");
  expect(names({})).toBe("abcdg");
  expect(names({ VK_ADD_DRIVER_FILES: join(root, "added") })).toBe("abcdfg");
  expect(names({ VK_DRIVER_FILES: join(root, "named/e.json") })).toBe("e");
  expect(names({ VK_ICD_FILENAMES: join(root, "named") })).toBe("e");
});
