/** The constants of seals; see glsl/seal.glsl. */
import { constants, glslModule } from "../../schema/index.ts";

/** The numbers of the mix that seals a vector. */
export const Seal = constants(
  "SEAL",
  { MIX_X: 0x9e37_79b1, MIX_Y: 0x85eb_ca77, MIX_Z: 0xc2b2_ae3d },
  { doc: "Odd factors with scattered bits (the primes of xxHash32)." },
);

/** The GLSL files that these schemas become. */
export const glslModules = {
  "seal.glsl": glslModule({ doc: "The constants of seals.", parts: [Seal] }),
};
