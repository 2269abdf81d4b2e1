/** Kernels that cannot be proved to be safe are refused as those that are not. */
import { expect, test } from "vitest";
import { HOSTILE_SHAPES } from "../../../test/support/hostile-modules.ts";
import { assertSafe } from "./kernel-safety.ts";

test.each([
  ["calls in calls", "calls are more than 100 deep"],
  ["loops in loops", "more than 40000000 steps"],
])("a kernel with too many %s is refused, and the message names the limit", async (shape, limit) => {
  const [, make, count] = HOSTILE_SHAPES.find(([what]) => what === shape) ?? [];
  const words = make?.((count ?? 0) / 10) ?? new Uint32Array();
  // Twice: that a kernel could not be checked is no good verdict, and is not kept as one.
  for (let time = 0; time < 2; time++) {
    const opening = assertSafe(words, "large", { source: "" });
    await expect(opening).rejects.toThrow(expect.objectContaining({ code: "EW_KERNEL_UNSAFE" }));
    await expect(opening).rejects.toThrow("the kernel large was not proved to be safe: ");
    await expect(opening).rejects.toThrow(limit);
    await expect(opening).rejects.toThrow("unsafe: true");
  }
});
