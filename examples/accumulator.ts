/**
 * A service on the GPU that remembers: it is sent one value after the other, and answers with the mean of the last
 * ones.
 *
 *   npx tsx examples/accumulator.ts [VALUE…]
 *
 * The values stay in the state section `history`, in device memory. They are never sent twice, and they survive
 * whatever the driver does to the kernel.
 */
import { pathToFileURL } from "node:url";
import { Device, f32, ResidentKernel, struct, u32 } from "everwarp";

/** Bytes of the state section `history`. */
export const HISTORY_BYTES = 1 << 20;

/**
 * Sends values, and collects the means that come back.
 * @param windowLength how many values a mean looks back, the newest included
 */
export async function run(
  device: Device,
  options: { values: readonly number[]; windowLength?: number; historyBytes?: number },
): Promise<number[]> {
  const { values, windowLength = 64, historyBytes = HISTORY_BYTES } = options;
  await using kernel = await ResidentKernel.open({
    device,
    source: new URL("accumulator.comp", import.meta.url),
    request: struct("Request", { windowLength: u32, value: f32 }),
    response: struct("Response", { mean: f32 }),
    state: { history: historyBytes },
  });
  // All are sent at once; the kernel takes them in this order.
  const answers = await Promise.all(values.map((value) => kernel.call({ windowLength, value })));
  return answers.map(({ mean }) => mean);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const values = process.argv.slice(2).map(Number);
  using device = Device.open({ allowSoftware: true });
  for (const mean of await run(device, { values: values.length > 0 ? values : [1, 2, 4, 8] }))
    console.log(mean);
}
