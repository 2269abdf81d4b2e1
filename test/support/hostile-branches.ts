/** Modules whose blocks, branches, loops or calls are very many. See hostile-modules.ts. */
import { Assembly, kernel, MAX_OPERANDS, Op, Storage, type Shape } from "./spirv-assembly.ts";

/** Loops, each inside of the one before. */
export const nestedLoops = kernel((to, count) => {
  const heads = to.ids(count);
  const afters = to.ids(count);
  const ends = to.ids(count);
  const condition = to.condition();
  to.op(Op.Branch, heads[0] ?? 0);
  for (let level = 0; level < count; level++) {
    to.label(heads[level]);
    to.op(Op.LoopMerge, afters[level] ?? 0, ends[level] ?? 0, 0);
    to.branch(condition, heads[level + 1] ?? ends[level] ?? 0, afters[level] ?? 0);
  }
  for (let level = count - 1; level >= 0; level--) {
    to.label(ends[level]);
    to.op(Op.Branch, heads[level] ?? 0);
    to.label(afters[level]);
    if (level > 0) to.op(Op.Branch, ends[level - 1] ?? 0);
  }
  to.op(Op.Return);
});

/** Branches one after the other, of which a function writes the inside. */
export const branches = (inside: (to: Assembly, end: number) => void): Shape =>
  kernel((to, count) => {
    for (let index = 0; index < count; index++) {
      const [first, end] = [to.id(), to.id()];
      const condition = to.condition();
      to.op(Op.SelectionMerge, end, 0);
      to.branch(condition, first, end);
      to.label(first);
      inside(to, end);
      to.label(end);
    }
    to.barrier();
    to.op(Op.Return);
  });

/** Branches inside of each other, each with a barrier. */
export const nestedBarriers = kernel((to, count) => {
  const ends = to.ids(count);
  for (const end of ends) {
    const first = to.id();
    const condition = to.condition();
    to.op(Op.SelectionMerge, end, 0);
    to.branch(condition, first, end);
    to.label(first);
    to.barrier();
  }
  for (const end of ends.toReversed()) {
    to.op(Op.Branch, end);
    to.label(end);
  }
  to.op(Op.Return);
});

/** A loop that ends by a condition of `a && a` in itself. */
export const doublingConditions = kernel((to, count) => {
  const [head, after, body] = [to.id(), to.id(), to.id()];
  to.op(Op.Branch, head);
  to.label(head);
  let condition = to.condition();
  for (let level = 0; level < count; level++)
    condition = to.value(Op.LogicalAnd, to.bool, condition, condition);
  to.op(Op.LoopMerge, after, body, 0);
  to.branch(condition, body, after);
  to.label(body);
  to.op(Op.Branch, head);
  to.label(after);
  to.op(Op.Return);
});

/** A loop whose blocks each may leave it or begin it again. */
export const exitsOfALoop = kernel((to, count) => {
  const [head, after] = [to.id(), to.id()];
  const sum = to.value(Op.Variable, to.localPointer, Storage.function);
  to.op(Op.Branch, head);
  to.label(head);
  for (let index = 0; index < count; index++) {
    const [first, second] = [to.id(), to.id()];
    to.branch(to.condition(), first, after);
    to.label(first);
    to.op(Op.Store, sum, to.value(Op.IAdd, to.uint, to.value(Op.Load, to.uint, sum), to.one));
    to.branch(to.condition(), second, head);
    to.label(second);
  }
  to.op(Op.Branch, head);
  to.label(after);
  to.op(Op.Return);
});

/** A ladder: each block leads to the next two. */
export const ladder = kernel((to, count) => {
  const steps = to.ids(count + 2);
  const condition = to.condition();
  to.op(Op.Branch, steps[0] ?? 0);
  for (let index = 0; index < count; index++) {
    to.label(steps[index]);
    to.branch(condition, steps[index + 1] ?? 0, steps[index + 2] ?? 0);
  }
  to.label(steps[count]);
  to.op(Op.Branch, steps[count + 1] ?? 0);
  to.label(steps[count + 1]);
  to.barrier();
  to.op(Op.Return);
});

/** A switch, whose cases are given to phis where they meet. */
export const switches =
  (phis: number): Shape =>
  (count) =>
    kernel((to) => {
      const perSwitch = Math.min(count, MAX_OPERANDS / 2);
      for (let left = count; left > 0; left -= perSwitch) {
        const cases = to.ids(Math.min(left, perSwitch));
        const merge = to.id();
        const selector = to.value(Op.Load, to.uint, to.lane);
        to.op(Op.SelectionMerge, merge, 0);
        to.op(
          Op.Switch,
          selector,
          merge,
          cases.flatMap((label, index) => [index, label]),
        );
        for (const label of cases) {
          to.label(label);
          to.op(Op.Branch, merge);
        }
        to.label(merge);
        const incoming = cases.flatMap((label, index) => [index % 2 === 0 ? selector : to.one, label]);
        for (let phi = 0; phi < phis; phi++) to.value(Op.Phi, to.uint, incoming);
      }
      to.barrier();
      to.op(Op.Return);
    })(count);

/** Functions that each call the one before so many times. */
export const calls =
  (times: number): Shape =>
  (count) => {
    const to = new Assembly();
    const functions = to.ids(count);
    functions.forEach((id, level) =>
      to.function(id, () => {
        if (level > 0)
          for (let call = 0; call < times; call++)
            to.value(Op.FunctionCall, to.void, functions[level - 1] ?? 0);
        to.op(Op.Return);
      }),
    );
    return to.kernel(() => {
      to.value(Op.FunctionCall, to.void, functions.at(-1) ?? 0);
      to.op(Op.Return);
    });
  };

/** Calls of one function with very many arguments. */
export const manyArguments: Shape = (count) => {
  const to = new Assembly();
  const callee = to.id();
  to.function(callee, () => to.op(Op.Return), to.ids(MAX_OPERANDS));
  const values = Array.from({ length: MAX_OPERANDS }, () => to.one);
  return to.kernel(() => {
    for (let call = 0; call < count; call++) to.value(Op.FunctionCall, to.void, callee, values);
    to.op(Op.Return);
  });
};

/** A function with very many ways to return a value that ends a loop. */
export const returnedValues: Shape = (count) => {
  const to = new Assembly();
  const callee = to.id();
  to.function(callee, () => {
    for (let index = 0; index < count; index++) {
      const [first, end] = [to.id(), to.id()];
      to.branch(to.condition(), first, end);
      to.label(first);
      to.op(Op.ReturnValue, to.value(Op.Load, to.uint, to.lane));
      to.label(end);
    }
    to.op(Op.ReturnValue, to.one);
  });
  return to.kernel(() => {
    const [head, after] = [to.id(), to.id()];
    to.op(Op.Branch, head);
    to.label(head);
    const result = to.value(Op.FunctionCall, to.uint, callee);
    to.branch(to.value(Op.ULessThan, to.bool, result, to.two), head, after);
    to.label(after);
    to.op(Op.Return);
  });
};
