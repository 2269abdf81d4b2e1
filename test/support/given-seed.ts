/** Gives their seed to all property tests of fast-check. */
import fc from "fast-check";
import { propertySeed } from "./property-runs.ts";

fc.configureGlobal({ seed: propertySeed() });
