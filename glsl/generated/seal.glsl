// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// The constants of seals.

// Odd factors with scattered bits (the primes of xxHash32).
const uint SEAL_MIX_X = 2654435761u;
const uint SEAL_MIX_Y = 2246822519u;
const uint SEAL_MIX_Z = 3266489917u;
