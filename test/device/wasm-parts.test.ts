/** More instances than one buffer holds: all answer, and what belongs to one of them is read and written there. */
import { expect, test } from "vitest";
import type { Device } from "../../src/vulkan/index.ts";
import { DeviceMachine } from "../../src/wasm/gpu/index.ts";
import { Store } from "../../src/wasm/store/index.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { binaryOf, validated } from "../support/wat.ts";

watchValidation();

const TEXT = `(module (memory 1 2) (global $sum (mut i32) (i32.const 0))
  (func (export "add") (param i32 i64) (result i32 i64)
    (i32.store (local.get 0) (i32.wrap_i64 (local.get 1)))
    (global.set $sum (i32.add (global.get $sum) (local.get 0)))
    (drop (memory.grow (i32.and (local.get 0) (i32.const 1))))
    (global.get $sum) (i64.add (i64.load32_u (local.get 0)) (i64.extend_i32_u (memory.size)))))`;

test.each([1, 7, 64, 75, 130])("%i instances in buffers for a group of neighbours each", async (count) => {
  const module = validated(binaryOf(TEXT));
  const store = new Store({ maxMemoryPages: 2, maxTableElements: 0 });
  const { exports } = store.instantiate(module, []);
  const device: Device = openTestDevice();
  try {
    const machine = await DeviceMachine.open({
      device,
      program: store.program(),
      image: store.image,
      instanceCount: count,
      limits: { stackSlots: 64, maxDepth: 8 },
      maxBufferBytes: 1,
    });
    const neighbours = 2 ** machine.geometry.laneShift;
    expect(machine.memory.parts).toHaveLength(Math.ceil(count / neighbours));
    const places = Array.from({ length: count }, (_, row) => BigInt(4 * row + (row % 2)));
    const values = places.map((_, row) => BigInt(1_000_003 * row));
    const index = exports.get("add")!.index;
    for (const round of [1n, 2n]) {
      const { columns, traps } = await machine.call(index, BigUint64Array.from([...places, ...values]), {
        resultSlots: 2,
        fuel: 1000n,
      });
      expect([...traps]).toEqual(places.map(() => 0));
      expect([...columns]).toEqual([
        ...places.map((place) => place * round),
        ...values.map((value, row) => value + (row % 2 === 0 ? 1n : 2n)),
      ]);
    }
    for (const row of new Set([0, Math.min(neighbours, count - 1), count - 1])) {
      const place = Number(places[row]);
      expect(await machine.memory.readBytes(0, row, place, 4)).toEqual(
        new Uint8Array(Uint32Array.of(Number(values[row])).buffer),
      );
      await machine.memory.writeBytes(0, row, place, Uint8Array.of(9, 8, 7, 6));
      expect([...(await machine.memory.sizes(row))]).toEqual([row % 2 === 0 ? 1 : 2]);
    }
    const last = Number(places[count - 1]);
    expect([...(await machine.memory.readBytes(0, count - 1, last, 4))]).toEqual([9, 8, 7, 6]);
    machine[Symbol.dispose]();
    expect(device.liveHandles.buffer).toBe(0);
  } finally {
    device.close();
  }
});
