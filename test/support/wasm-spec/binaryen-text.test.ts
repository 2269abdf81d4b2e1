/** Older spellings of scripts, one each, beside what the text format of today says. */
import { expect, it } from "vitest";
import { LEFT_OUT_FORMS, LEFT_OUT_SCRIPTS } from "./binaryen-left-out.ts";
import { modernText } from "./binaryen-text.ts";

it.each([
  ["(module (func (block $a i32 (i32.const 7))))", "(module (func (block $a (result i32) (i32.const 7))))"],
  [
    "(module (func (if i64 (i64.eqz (local.get 0)))))",
    "(module (func (if (result i64) (i64.eqz (local.get 0)))))",
  ],
  ['(invoke "f" (f32.const -infinity))', '(invoke "f" (f32.const -inf))'],
  ["(module (table 0 (ref null func)))", "(module (table 0 funcref))"],
  ["(module (elem $t (i32.const 0) $f))", "(module (elem (table $t) (i32.const 0) $f))"],
  ["(module (elem $d declare func $f))", "(module (elem $d declare func $f))"],
  ['(invoke "f" (v128.const i32x4 1 2 3 4))', '(invoke "f" (v128.const i32x4 1 2 3 4))'],
  ['(invoke "f" (v128.const i32x4 1 2 3 4  5 6 7 8))', '(invoke "f" (v128.const i16x8 1 2 3 4  5 6 7 8))'],
  ['(assert_trap (invoke "f" (i32.const 1)))', '(assert_trap (invoke "f" (i32.const 1)) "")'],
  ['(assert_trap (invoke "f") "unreachable")', '(assert_trap (invoke "f") "unreachable")'],
  [
    '(assert_unlinkable (module (data (i32.const 9) "a)"))\n "data segment does not fit")',
    '(assert_trap (module (data (i32.const 9) "a)"))\n "out of bounds memory access")',
  ],
  ['(assert_unlinkable (module) "unknown import")', '(assert_unlinkable (module) "unknown import")'],
])("rewrites %s", (old, modern) => {
  expect(modernText("any", old)).toBe(modern);
});

it("gives a NaN the type of the function that was exported last", () => {
  const function_ = (type: string): string => `(module (func (export "f") (result ${type})))\n`;
  const assertion = '(assert_return_canonical_nan (invoke "f" (f32.const nan)))\n';
  const modern = (type: string): string =>
    `(assert_return (invoke "f" (f32.const nan)) (${type}.const nan:canonical))\n`;
  expect(modernText("any", function_("f32") + assertion + function_("f64") + assertion)).toBe(
    function_("f32") + modern("f32") + function_("f64") + modern("f64"),
  );
  expect(() => modernText("any", assertion)).toThrow('no function "f"');
});

it("blanks what is left out, moves no line, and counts no parenthesis of a string or a comment", () => {
  const before = '(module (data "(\\"("))\n;; (\n(; ( ;)\n';
  const text = `${"\n".repeat(608 - 1 - 3)}${before}(assert_return\n  (invoke "f"))\n(module)`;
  expect(modernText("old_float_exprs", text).trim()).toBe(
    `${before}${" ".repeat(14)}\n${" ".repeat(15)}\n(module)`,
  );
});

it("says so when a form that is listed is not there", () => {
  expect(() => modernText("old_float_exprs", "(module)")).toThrow("no form begins at old_float_exprs:608");
});

it("gives each that is left out a reason, and leaves out no form of a script that is left out", () => {
  for (const [form, reason] of LEFT_OUT_FORMS) {
    expect(reason).not.toBe("");
    expect(LEFT_OUT_SCRIPTS.has(form.slice(0, form.indexOf(":")))).toBe(false);
  }
});
