import { expect, test } from "vitest";
import { boolean, readOptions } from "./arguments.ts";

const refused = (message: string): Error =>
  expect.objectContaining({ code: "EW_BAD_ARGUMENT", message }) as Error;

test("an unknown option is told in good English", () => {
  const read = (what: string) => () => readOptions(what, { slots: 1 }, { isOn: boolean });
  expect(read("the options of a call")).toThrow(
    refused('the options of a call have an unknown option "slots". Known are isOn.'),
  );
  expect(read("a query")).toThrow(refused('a query has an unknown option "slots". Known are isOn.'));
});
