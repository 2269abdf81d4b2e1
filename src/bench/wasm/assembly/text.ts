/**
 * Programs that read text, for the benchmark of WebAssembly. They make the text themselves, from 4,096 on.
 * src/bench/wasm/programs.ts says the same in TypeScript.
 */

const TEXT: usize = 4096;
const NEWLINE: u8 = 10;
const QUOTE: u8 = 34;
const COMMA: u8 = 44;

let end: usize = TEXT;

// @ts-ignore: decorator
@inline
function put(byte: u8): void {
  store<u8>(end++, byte);
}

function putNumber(value: u32): void {
  if (value >= 10) putNumber(value / 10);
  put(<u8>(48 + (value % 10)));
}

function putText(address: usize, length: usize): void {
  memory.copy(end, address, length);
  end += length;
}

/** The next of the numbers that all programs take: a linear congruential generator (Numerical Recipes, 1992). */
// @ts-ignore: decorator
@inline
function next(value: u32): u32 {
  return value * 1664525 + 1013904223;
}

/** Writes `lines` lines of `name,amount,price`. Gives their length in bytes. */
export function makeCsv(seed: i32, lines: i32): i32 {
  end = TEXT;
  let value: u32 = seed;
  for (; lines > 0; lines--) {
    for (let letter = 0; letter < 8; letter++) {
      value = next(value);
      put(<u8>(97 + ((value >> 16) % 26)));
    }
    put(COMMA);
    value = next(value);
    putNumber((value >> 16) % 100);
    put(COMMA);
    value = next(value);
    putNumber((value >> 16) % 10000);
    put(NEWLINE);
  }
  return <i32>(end - TEXT);
}

const BEGINNING: usize = memory.data<u8>([123, 34, 110, 97, 109, 101, 34, 58, 34]); // {"name":"
const MIDDLE: usize = memory.data<u8>([34, 44, 34, 97, 109, 111, 117, 110, 116, 34, 58]); // ","amount":

/** Writes `lines` lines of `{"name":"…","amount":N}`, some names with a quote. Gives their length in bytes. */
export function makeJson(seed: i32, lines: i32): i32 {
  memory.grow(17 - memory.size());
  end = TEXT;
  let value: u32 = seed;
  for (; lines > 0; lines--) {
    putText(BEGINNING, 9);
    for (let letter = 0; letter < 12; letter++) {
      value = next(value);
      if (value >> 28 == 0) {
        put(92);
        put(QUOTE);
      } else put(<u8>(97 + ((value >> 16) % 26)));
    }
    putText(MIDDLE, 11);
    value = next(value);
    putNumber((value >> 16) % 10000);
    put(125);
    put(NEWLINE);
  }
  return <i32>(end - TEXT);
}

/** Sum of price times amount over lines of `name,amount,price`, with prices in cents, in `length` bytes. */
export function csv(length: i32): i32 {
  let at = TEXT;
  let last = TEXT + <usize>length;
  let sum = 0;
  while (at < last) {
    while (load<u8>(at) != COMMA) at++;
    let amount = 0;
    for (at++; load<u8>(at) != COMMA; at++) amount = amount * 10 + (load<u8>(at) - 48);
    let price = 0;
    for (at++; load<u8>(at) != NEWLINE; at++) price = price * 10 + (load<u8>(at) - 48);
    at++;
    sum += amount * price;
  }
  return sum;
}

/** How many objects of one line each have `"amount":N` with N of at least `least`, in `length` bytes. */
export function json(length: i32, least: i32): i32 {
  let at = TEXT;
  let last = TEXT + <usize>length;
  let kept = 0;
  while (at < last) {
    let byte = load<u8>(at++);
    if (byte != QUOTE) continue;
    let begin = at;
    while (load<u8>(at) != QUOTE) at += load<u8>(at) == 92 ? 2 : 1;
    let isAmount = at - begin == 6 && load<u32>(begin) == 0x756f6d61 && load<u16>(begin + 4) == 0x746e;
    at++;
    if (!isAmount || load<u8>(at) != 58) continue;
    let amount = 0;
    for (at++; load<u8>(at) >= 48 && load<u8>(at) <= 57; at++) amount = amount * 10 + (load<u8>(at) - 48);
    if (amount >= least) kept++;
  }
  return kept;
}
