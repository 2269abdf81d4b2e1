import { describe, expect, test } from "vitest";
import { constants } from "./constants.ts";
import { bufferReference, glslModule } from "./glsl.ts";
import { struct } from "./struct.ts";
import { array, doc, padding, u32, u64 } from "./types.ts";

const Status = constants(
  "STATUS",
  { EMPTY: 0, READY: 1 },
  { doc: "States of a slot.", docs: { READY: "may be taken" } },
);
const Slot = struct(
  "Slot",
  {
    sequence: doc(u32, "number of the request"),
    status: u32,
    _pad: padding(8),
    address: u64,
    payload: array(u32, 4),
  },
  { rule: "scalar", doc: "One request." },
);

describe("GLSL text", () => {
  test("a module contains constants, structs and references, with their comments", () => {
    expect(
      glslModule({
        doc: "The work queue.",
        parts: [Status, Slot, bufferReference(Slot, { qualifiers: "volatile" })],
      }),
    ).toBe(`// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// The work queue.
// Needs: GL_EXT_buffer_reference, GL_EXT_scalar_block_layout, GL_EXT_shader_explicit_arithmetic_types_int64.

// States of a slot.
const uint STATUS_EMPTY = 0u;
// may be taken
const uint STATUS_READY = 1u;

// One request.
struct Slot { // 40 bytes
  // number of the request
  uint sequence; // at 0
  uint status; // at 4
  uint _pad[2]; // at 8
  uint64_t address; // at 16
  uint payload[4]; // at 24
};

// One request.
layout(buffer_reference, scalar, buffer_reference_align = 8) volatile buffer SlotRef { // 40 bytes
  // number of the request
  uint sequence; // at 0
  uint status; // at 4
  uint _pad[2]; // at 8
  uint64_t address; // at 16
  uint payload[4]; // at 24
};
`);
  });

  test("on the host, a constant is its value", () => {
    expect(Status.READY satisfies 1).toBe(1);
    expect(Object.isFrozen(Status)).toBe(true);
  });

  test.each([2 ** 32, -(2 ** 31) - 1, 0.1, Number.NaN, -1n, 1n << 64n])(
    "refuses the constant %s",
    (value) => {
      expect(() => constants("C", { VALUE: value })).toThrow("C_VALUE");
    },
  );
});
