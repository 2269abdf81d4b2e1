/**
 * WebAssembly: the same calls interpreted, compiled, and on the host.
 *
 *   npx tsx bench/wasm.ts [--device DEVICE] [--instances N] [--rounds N] [--json FILE]
 *
 * Each workload is called in turns on the three, in the same run. A row has the median of the rounds.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import asc from "assemblyscript/asc";
import { WasmFleet, type WasmFleetOptions, WasmModule } from "../src/index.ts";

/** A function of 32 bits: a row's number, and how much to do. */
interface Workload {
  readonly name: string;
  readonly source: string;
  readonly amount: number;
}

const WORKLOADS: readonly Workload[] = [
  {
    name: "gimli",
    amount: 4,
    source: `
      export function run(row: i32, rounds: i32): i32 {
        for (let i = 0; i < 12; i++) store<u32>(i << 2, row * 0x9e3779b9 + i);
        for (let n = 0; n < rounds; n++) {
          for (let r: u32 = 24; r > 0; r--) {
            for (let c: i32 = 0; c < 16; c += 4) {
              let x = rotl(load<u32>(c), 24);
              let y = rotl(load<u32>(c + 16), 9);
              let z = load<u32>(c + 32);
              store<u32>(c + 32, x ^ (z << 1) ^ ((y & z) << 2));
              store<u32>(c + 16, y ^ x ^ ((x | z) << 1));
              store<u32>(c, z ^ y ^ ((x & y) << 3));
            }
            if ((r & 3) == 0) {
              let a = load<u32>(0), b = load<u32>(4), c = load<u32>(8), d = load<u32>(12);
              store<u32>(0, b ^ 0x9e377900 ^ r); store<u32>(4, a); store<u32>(8, d); store<u32>(12, c);
            }
            if ((r & 3) == 2) {
              let a = load<u32>(0), b = load<u32>(4), c = load<u32>(8), d = load<u32>(12);
              store<u32>(0, c); store<u32>(4, d); store<u32>(8, a); store<u32>(12, b);
            }
          }
        }
        return load<i32>(0);
      }`,
  },
  {
    name: "mandelbrot",
    amount: 200,
    source: `
      export function run(row: i32, most: i32): i32 {
        let cx = f64(row % 37) / 18.5 - 1.5, cy = f64(row % 23) / 11.5 - 1.0;
        let x = 0.0, y = 0.0, n = 0;
        while (n < most && x * x + y * y < 4.0) {
          let t = x * x - y * y + cx;
          y = 2.0 * x * y + cy;
          x = t;
          n++;
        }
        return n;
      }`,
  },
  {
    // As CoreMark: a list is sorted, matrices are multiplied, a state machine reads text, and a checksum is taken.
    name: "list, matrix, states",
    amount: 1,
    source: `
      @inline const LIST = 0, A = 256, B = 512, C = 768, TEXT = 1024;
      let sum: u32 = 0;
      function crc(value: u32): void {
        for (let i = 0; i < 16; i++) {
          let bit = (value ^ sum) & 1;
          value >>= 1;
          sum >>= 1;
          if (bit) sum ^= 0xa001;
        }
      }
      function sort(count: i32): void {
        for (let i = 2; i <= count; i++) {
          let v = load<i32>(LIST + (i << 2)), j = i - 1;
          while (j >= 1 && load<i32>(LIST + (j << 2)) > v) {
            store<i32>(LIST + (j << 2) + 4, load<i32>(LIST + (j << 2)));
            j--;
          }
          store<i32>(LIST + (j << 2) + 4, v);
        }
      }
      function multiply(n: i32): void {
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
          let s = 0;
          for (let k = 0; k < n; k++) s += load<i16>(A + ((i * n + k) << 1)) * load<i16>(B + ((k * n + j) << 1));
          store<i32>(C + ((i * n + j) << 2), s);
        }
      }
      function states(count: i32): i32 {
        let state = 0, found = 0;
        for (let i = 0; i < count; i++) {
          let c = load<u8>(TEXT + i);
          switch (state) {
            case 0: state = c == 43 || c == 45 ? 1 : c >= 48 && c <= 57 ? 2 : c == 46 ? 3 : 4; break;
            case 1: state = c >= 48 && c <= 57 ? 2 : c == 46 ? 3 : 4; break;
            case 2: state = c == 46 ? 3 : c >= 48 && c <= 57 ? 2 : c == 44 ? 0 : 4; if (state == 0) found++; break;
            case 3: state = c >= 48 && c <= 57 ? 3 : c == 44 ? 0 : 4; if (state == 0) found += 3; break;
            default: if (c == 44) state = 0;
          }
        }
        return found;
      }
      export function run(row: i32, rounds: i32): i32 {
        sum = 0;
        let seed: u32 = row * 747796405 + 1;
        for (let n = 0; n < rounds; n++) {
          for (let i = 1; i <= 32; i++) { seed = seed * 1664525 + 1013904223; store<u32>(LIST + (i << 2), seed >> 8); }
          for (let i = 0; i < 64; i++) {
            store<i16>(A + (i << 1), i16(seed >> (i & 15)));
            store<i16>(B + (i << 1), i16(i));
          }
          for (let i = 0; i < 64; i++) {
            seed = seed * 1664525 + 1013904223;
            store<u8>(TEXT + i, u8(43 + (seed >> 28)));
          }
          sort(32);
          multiply(8);
          crc(load<u32>(LIST)); crc(load<u32>(C + 60)); crc(states(64));
        }
        return sum;
      }`,
  },
];

const { values } = parseArgs({
  options: {
    device: { type: "string" },
    instances: { type: "string", default: "4096" },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
const instances = Number(values.instances);
const rounds = Number(values.rounds);

async function compile(source: string): Promise<WasmModule> {
  const { binary, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    runtime: "stub",
    initialMemory: 1,
  });
  if (binary === null) throw new Error((stderr as { toString(): string }).toString());
  return WasmModule.compile(binary);
}

const WAYS: Readonly<Record<string, WasmFleetOptions>> = {
  interpreted: { device: values.device ?? "gpu", compile: "never" },
  compiled: { device: values.device ?? "gpu", compile: "always" },
  host: { device: "cpu" },
};

interface Row {
  readonly workload: string;
  readonly way: string;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly ms: readonly number[];
}

async function measure({ name, source, amount }: Workload): Promise<Row[]> {
  const module = await compile(source);
  const args = [Int32Array.from({ length: instances }, (_, row) => row), amount];
  const fleets = new Map<string, WasmFleet>();
  const times = new Map<string, number[]>();
  const answers = new Map<string, string>();
  for (const [way, options] of Object.entries(WAYS)) {
    fleets.set(way, await WasmFleet.open(module, { ...options, instances, maxMemoryPages: 1 }));
    times.set(way, []);
  }
  for (let round = 0; round <= rounds; round++) {
    for (const [way, fleet] of fleets) {
      const began = performance.now();
      const { results, traps } = await fleet.call("run", { args });
      times.get(way)!.push(performance.now() - began);
      if (traps.length > 0) throw new Error(`${name}, ${way}: ${traps[0]!.reason}`);
      answers.set(way, results[0]!.join());
    }
    if (new Set(answers.values()).size !== 1) throw new Error(`${name}: the answers differ`);
  }
  for (const fleet of fleets.values()) await fleet.close();
  return [...times].map(([way, [firstMs, ...ms]]) => {
    const sorted = ms.toSorted((a, b) => a - b);
    return { workload: name, way, firstMs: firstMs!, medianMs: sorted[sorted.length >> 1]!, ms };
  });
}

const rows: Row[] = [];
for (const workload of WORKLOADS) {
  for (const row of await measure(workload)) {
    rows.push(row);
    const { workload: name, way, firstMs, medianMs } = row;
    console.log(
      `${name.padEnd(22)} ${way.padEnd(12)} ${medianMs.toFixed(2).padStart(10)} ms   first ${firstMs.toFixed(1)} ms`,
    );
  }
}
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ instances, rounds, rows }, undefined, 1)}\n`);
