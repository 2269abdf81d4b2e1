/** Modules whose values, variables, types or names are very many. See hostile-modules.ts. */
import { Assembly, kernel, MAX_OPERANDS, Op, Storage, textWords, type Shape } from "./spirv-assembly.ts";

/** Shared variables, each stored to by some threads and read by all, in blocks of their own. */
export const sharedVariables: Shape = (count) => {
  const to = new Assembly();
  const variables = Array.from({ length: count }, () => to.variable(Storage.workgroup));
  return to.kernel(() => {
    for (const variable of variables) {
      to.op(Op.Store, variable, to.value(Op.Load, to.uint, to.lane));
      const next = to.id();
      to.op(Op.Branch, next);
      to.label(next);
      to.value(Op.Load, to.uint, variable);
    }
    to.op(Op.Return);
  });
};

/** Local variables that take a value from each other against the order of the code, in a loop. */
export const valuesThatGoBack = kernel((to, count) => {
  const variables = Array.from({ length: count }, () =>
    to.value(Op.Variable, to.localPointer, Storage.function),
  );
  const [head, after, body] = [to.id(), to.id(), to.id()];
  to.op(Op.Branch, head);
  to.label(head);
  const value = to.value(Op.Load, to.uint, variables[0] ?? 0);
  to.branch(to.value(Op.ULessThan, to.bool, value, to.two), body, after);
  to.label(body);
  for (let index = 0; index + 1 < count; index++)
    to.op(Op.Store, variables[index] ?? 0, to.value(Op.Load, to.uint, variables[index + 1] ?? 0));
  to.op(Op.Store, variables.at(-1) ?? 0, to.value(Op.Load, to.uint, to.lane));
  to.op(Op.Branch, head);
  to.label(after);
  to.op(Op.Return);
});

/** A struct whose members are stored and loaded one by one, and as a whole. */
export const members: Shape = (count) => {
  const to = new Assembly();
  const struct = to.id();
  const indexes = to.ids(Math.min(count, MAX_OPERANDS));
  indexes.forEach((id, index) => to.global(Op.Constant, to.uint, id, index));
  to.global(
    Op.TypeStruct,
    struct,
    indexes.map(() => to.uint),
  );
  const variable = to.variable(Storage.private, struct);
  return to.kernel(() => {
    for (const index of indexes) {
      const pointer = to.value(Op.AccessChain, to.localPointer, variable, index);
      to.op(Op.Store, pointer, to.value(Op.Load, to.uint, to.lane));
      to.value(Op.Load, struct, variable);
    }
    to.op(Op.Return);
  });
};

/** A pointer that is copied again and again, with a load of each copy. */
export const copies: Shape = (count) => {
  const to = new Assembly();
  const buffer = to.variable(Storage.buffer);
  return to.kernel(() => {
    let pointer = buffer;
    for (let index = 0; index < count; index++) {
      pointer = to.value(Op.CopyObject, to.localPointer, pointer);
      to.value(Op.Load, to.uint, pointer);
    }
    to.op(Op.Return);
  });
};

/** A value that is made of the one before, and ends a loop. */
export const longArithmetic = (opcode: number): Shape =>
  kernel((to, count) => {
    const [head, after, body] = [to.id(), to.id(), to.id()];
    const sum = to.value(Op.Variable, to.localPointer, Storage.function);
    to.op(Op.Branch, head);
    to.label(head);
    let value = to.value(Op.Load, to.uint, sum);
    for (let index = 0; index < count; index++)
      value = to.value(opcode, to.uint, value, ...(opcode === Op.IAdd ? [value] : []));
    to.branch(to.value(Op.ULessThan, to.bool, value, to.two), body, after);
    to.label(body);
    to.op(Op.Store, sum, to.value(Op.IAdd, to.uint, value, to.one));
    to.op(Op.Branch, head);
    to.label(after);
    to.op(Op.Return);
  });

/** Phis at the head of a loop that all are made of all others. */
export const phisOfPhis = kernel((to, count) => {
  const [before, head, after] = [to.id(), to.id(), to.id()];
  const phis = to.ids(count);
  to.op(Op.Branch, before);
  to.label(before);
  to.op(Op.Branch, head);
  to.label(head);
  for (const phi of phis)
    to.op(
      Op.Phi,
      to.uint,
      phi,
      phis.slice(0, MAX_OPERANDS / 2).flatMap((other) => [other, head]),
    );
  to.branch(to.value(Op.ULessThan, to.bool, phis[0] ?? 0, to.two), head, after);
  to.label(after);
  to.op(Op.Return);
});

/** Functions that nobody calls. */
export const unusedFunctions: Shape = (count) => {
  const to = new Assembly();
  for (let index = 0; index < count; index++)
    to.function(to.id(), () => {
      for (let line = 0; line < 100; line++) to.op(Op.Store, to.lane, to.one);
      to.op(Op.Return);
    });
  return to.kernel(() => to.op(Op.Return));
};

/** Values with very many parts. */
export const wideValues = kernel((to, count) => {
  const parts = Array.from({ length: MAX_OPERANDS }, () => to.one);
  for (let index = 0; index < count; index++) to.value(Op.CompositeConstruct, to.uint, parts);
  to.op(Op.Return);
});

/** Types inside of types, and in circles. */
export const types: Shape = (count) => {
  const to = new Assembly();
  const [circle, other] = [to.id(), to.id()];
  to.global(Op.TypeStruct, circle, other, circle);
  to.global(Op.TypeArray, other, circle, to.two);
  let type = to.uint;
  for (let index = 0; index < count; index++) {
    const next = to.id();
    to.global(index % 2 === 0 ? Op.TypeStruct : Op.TypeArray, next, type, index % 2 === 0 ? type : to.two);
    type = next;
  }
  const variables = [to.variable(Storage.private, type), to.variable(Storage.buffer, circle)];
  return to.kernel(() => {
    for (const variable of variables)
      to.value(Op.Load, to.uint, to.value(Op.AccessChain, to.localPointer, variable, to.one, to.one));
    to.op(Op.Return);
  });
};

/** Constants with very many parts, each made of the one before. */
export const composites: Shape = (count) => {
  const to = new Assembly();
  let part = to.one;
  for (let index = 0; index < count; index++) {
    const next = to.id();
    to.global(Op.ConstantComposite, to.uint, next, Array(MAX_OPERANDS).fill(part));
    part = next;
  }
  return to.kernel(() => {
    to.value(Op.IAdd, to.uint, part, part);
    to.op(Op.Return);
  });
};

/** Names and files of the longest kind, and a line for each instruction. */
export const debugInformation: Shape = (count) => {
  const to = new Assembly();
  const long = textWords("n".repeat(250_000));
  const files = to.ids(count);
  for (const file of files) to.head(Op.String, file, long);
  for (const file of files) to.head(Op.Name, file, long);
  return to.kernel(() => {
    for (let line = 0; line < 100_000; line++) {
      to.op(Op.Line, files[line % count] ?? 0, line, 0);
      to.value(Op.IAdd, to.uint, to.one, to.one);
    }
    to.op(Op.Return);
  });
};
