/** What is said of a kernel that the work of its system does not come to. */
import { expect, test, vi } from "vitest";
import { measureFile } from "./measure.ts";
import { utilisationText } from "./report.ts";

vi.mock("./shipped-kernels.ts", async (original) => ({
  ...(await original<typeof import("./shipped-kernels.ts")>()),
  // A system whose work launches none of its kernels.
  runSystem: () => Promise.resolve({ done: "no work at all", trouble: undefined }),
}));

const WORKLOAD = {
  requests: 1,
  words: undefined,
  workgroups: 1,
  workgroupSize: undefined,
  bufferBytes: 64,
  budgetMs: 1000,
};

test.each([
  ["search/planes", "Measure it on a device with memory of its own"],
  ["search/match", "Measure it on another device."],
])("%s was not measured, with the reason and a remedy", async (kernel, remedy) => {
  const report = await measureFile(kernel, { index: 0, name: "some device" }, WORKLOAD);
  expect(report.error?.code).toBe("EW_BAD_ARGUMENT");
  const text = utilisationText([report]);
  expect(text).toContain(`${kernel}: not measured: nothing of the kernel ran in no work at all. ${remedy}`);
});
