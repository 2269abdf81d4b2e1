import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../src/base/package-root.ts";

const REGISTRY = "/usr/share/vulkan/registry/vk.xml";
const folder = mkdtempSync(join(tmpdir(), "registry-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(registry: string, ...flags: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/gen-vulkan.ts", ...flags],
    { cwd: packageRoot(), encoding: "utf8", env: { ...process.env, VULKAN_REGISTRY: registry } },
  );
  return { status, output: stdout + stderr };
}

test("without vk.xml a check fails, or says that it checked nothing", () => {
  expect(run("/nonexistent/vk.xml", "--check")).toMatchObject({ status: 1 });
  const lenient = run("/nonexistent/vk.xml", "--check", "--if-present");
  expect(lenient.status).toBe(0);
  expect(lenient.output).toContain("NOT checked");
  expect(lenient.output).toContain("libvulkan-dev");
});

test.skipIf(!existsSync(REGISTRY))(
  "a changed value and a moved member are drift (needs vk.xml: libvulkan-dev)",
  () => {
    const xml = readFileSync(REGISTRY, "utf8");
    const changes: [from: RegExp, to: string][] = [
      [/(<enum value=")-4("\s+name="VK_ERROR_DEVICE_LOST")/, "$1-44$2"],
      [
        /(<member[^>]*><type>uint32_t<\/type>\s*<name>memoryTypeIndex<\/name>)/,
        "<member><type>uint32_t</type> <name>early</name></member>$1",
      ],
    ];
    for (const [from, to] of changes) {
      const path = join(folder, "vk.xml");
      const changed = xml.replace(from, to);
      expect(changed).not.toBe(xml);
      writeFileSync(path, changed);
      const { status, output } = run(path, "--check");
      expect(status).toBe(1);
      expect(output).toContain("differs from what vk.xml gives");
    }
  },
);

test("a registry cut short is an error, not half a binding", () => {
  const path = join(folder, "short.xml");
  writeFileSync(path, "<registry><types></types>");
  const { status, output } = run(path, "--check");
  expect(status).not.toBe(0);
  expect(output).toContain("ends in the middle");
});
