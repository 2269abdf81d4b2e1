/** The rule for options is held against made-up parameters. */
import { expect, it } from "vitest";
// @ts-expect-error: the checks are plain JavaScript, so that they run before anything is built.
import { positionalOptions } from "./option-rules.mjs";

const parameter = (name: string, type: string) => ({ owner: "Thing.wait", name, type });

it.each([
  ["a time", parameter("timeoutMs", "number")],
  ["a signal", parameter("stop", "AbortSignal")],
  ["a switch", parameter("recursive", "boolean")],
  ["a signal that may be left out", parameter("signal", "AbortSignal | undefined")],
])("names %s that stands by place", (_what, given) => {
  expect(positionalOptions([given])).toEqual([
    `Thing.wait takes ${given.name} (${given.type}) by place: move it into its options`,
  ]);
});

it("allows options, and what is no option", () => {
  const good = [
    parameter("options", "WaitOptions"),
    parameter("path", "string"),
    parameter("value", "bigint"),
    parameter("count", "number"),
  ];
  expect(positionalOptions(good)).toEqual([]);
});

it("says it once, also where two entries have the function", () => {
  const given = parameter("timeoutMs", "number");
  expect(positionalOptions([given, given])).toHaveLength(1);
});
