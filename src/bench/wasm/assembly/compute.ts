/**
 * Programs without text, for the benchmark of WebAssembly. src/bench/wasm/programs.ts says the same in TypeScript.
 */

const STATE: usize = memory.data(48);

// @ts-ignore: decorator
@inline
function word(index: i32): u32 {
  return load<u32>(STATE + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function setWord(index: i32, value: u32): void {
  store<u32>(STATE + (<usize>index << 2), value);
}

/** Gimli's permutation (D. J. Bernstein and others, 2017), `count` times from a state of `seed`: the first word. */
export function gimli(seed: i32, count: i32): i32 {
  for (let index = 0; index < 12; index++) setWord(index, <u32>seed * <u32>(index + 1));
  for (; count > 0; count--) {
    for (let round = 24; round > 0; round--) {
      for (let column = 0; column < 4; column++) {
        let x = rotl<u32>(word(column), 24);
        let y = rotl<u32>(word(4 + column), 9);
        let z = word(8 + column);
        setWord(8 + column, x ^ (z << 1) ^ ((y & z) << 2));
        setWord(4 + column, y ^ x ^ ((x | z) << 1));
        setWord(column, z ^ y ^ ((x & y) << 3));
      }
      if ((round & 3) == 0) {
        swap(0, 1);
        swap(2, 3);
        setWord(0, word(0) ^ (0x9e377900 | <u32>round));
      } else if ((round & 3) == 2) {
        swap(0, 2);
        swap(1, 3);
      }
    }
  }
  return <i32>word(0);
}

// @ts-ignore: decorator
@inline
function swap(left: i32, right: i32): void {
  let kept = word(left);
  setWord(left, word(right));
  setWord(right, kept);
}

/** Steps until z² + c leaves the circle of radius 2, at most `limit`. */
export function mandelbrot(real: f64, imaginary: f64, limit: i32): i32 {
  let x: f64 = 0;
  let y: f64 = 0;
  let steps = 0;
  while (steps < limit && x * x + y * y <= 4) {
    let next = x * x - y * y + real;
    y = 2 * x * y + imaginary;
    x = next;
    steps++;
  }
  return steps;
}
