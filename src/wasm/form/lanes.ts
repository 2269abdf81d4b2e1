/** The field `c` of operations on lanes. See `operation.schema.ts`. */
import { Lane } from "./operation.schema.ts";

/** Which lanes an operation takes and gives. */
export interface LaneFields {
  /** Bits of a lane that is read: 8, 16, 32 or 64. */
  readonly from: number;
  /** Bits of the lane that is written. 64 is a whole slot. */
  readonly to: number;
  /** Whether lanes that are read have a sign. */
  readonly isSigned?: boolean;
  /** Whether the result becomes all ones or all zeros. */
  readonly isMask?: boolean;
  /** The lane of each operand, and that of the result, counted in their slots. */
  readonly a?: number;
  readonly b?: number;
  readonly target?: number;
}

/** Packs the field. */
export function packLanes(fields: LaneFields): number {
  const { from, to, isSigned = false, isMask = false, a = 0, b = 0, target = 0 } = fields;
  return (
    ((Math.log2(from) - 3) << Lane.FROM_AT) |
    ((Math.log2(to) - 3) << Lane.TO_AT) |
    (Number(isSigned) << Lane.SIGNED_AT) |
    (Number(isMask) << Lane.MASK_AT) |
    (a << Lane.A_AT) |
    (b << Lane.B_AT) |
    (target << Lane.TARGET_AT)
  );
}

/** Reads the field. */
export function unpackLanes(c: number): Required<LaneFields> {
  return {
    from: 8 << ((c >>> Lane.FROM_AT) & 3),
    to: 8 << ((c >>> Lane.TO_AT) & 3),
    isSigned: ((c >>> Lane.SIGNED_AT) & 1) === 1,
    isMask: ((c >>> Lane.MASK_AT) & 1) === 1,
    a: (c >>> Lane.A_AT) & 7,
    b: (c >>> Lane.B_AT) & 7,
    target: (c >>> Lane.TARGET_AT) & 7,
  };
}
