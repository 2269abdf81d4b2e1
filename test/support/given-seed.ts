/** Gives its seed to every property test of fast-check. */
import fc from "fast-check";
import { propertySeed } from "./property-runs.ts";

fc.configureGlobal({ seed: propertySeed() });
