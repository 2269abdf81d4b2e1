/** Gives the seed of the environment to every property test of fast-check. */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["EVERWARP_PROPERTY_SEED"]) });
