// What scripts/mutate.mjs changes in a file: one small change at a time, each of which some test should notice.
import { parseFile, walkTree } from "./source-files.mjs";

const OPERATORS = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&": "|",
  "|": "&",
  "^": "&",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "&&": "||",
  "||": "&&",
  "+=": "-=",
  "-=": "+=",
  "|=": "&=",
  "&=": "|=",
  "++": "--",
  "--": "++",
};
/** Parts of TypeScript's types that hold values. */
const VALUE_TYPES = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"]);

/**
 * All changes of a file: `{ file, start, end, text, line, kind }`, where `text` takes the place of what stands between
 * the offsets. Types and what is said in an error stay as they are.
 */
export function listMutations(file) {
  const parsed = parseFile(file);
  const mutations = [];
  walkTree(parsed.program, (node, parents) => {
    if (isLeftAlone(node) || parents.some(isLeftAlone)) return;
    for (const [kind, start, end, text] of mutate(node, parents.at(-1), parsed.text)) {
      const line = parsed.text.slice(0, start).split("\n").length;
      mutations.push({ file, kind, start, end, text, line, before: parsed.text.slice(start, end) });
    }
  });
  return mutations;
}

function isLeftAlone(node) {
  return (
    (node.type.startsWith("TS") && !VALUE_TYPES.has(node.type)) ||
    /^(ImportDeclaration|ThrowStatement)$/.test(node.type) ||
    (node.type === "NewExpression" && String(node.callee.name).endsWith("Error"))
  );
}

function mutate(node, parent, text) {
  const textOf = ({ start, end }) => text.slice(start, end);
  switch (node.type) {
    case "BinaryExpression":
    case "AssignmentExpression":
    case "LogicalExpression":
      return mutateOperator(node, text);
    case "UpdateExpression":
      return [
        ["operator", node.start, node.end, textOf(node).replace(node.operator, OPERATORS[node.operator])],
      ];
    case "UnaryExpression":
      return /^[!-]$/.test(node.operator)
        ? [["operator", node.start, node.end, ` ${textOf(node.argument)}`]]
        : [];
    case "IfStatement":
    case "ConditionalExpression":
      return ["true", "false"].map((word) => ["condition", node.test.start, node.test.end, word]);
    case "WhileStatement":
      return [["condition", node.test.start, node.test.end, "false"]];
    case "Literal":
      return mutateLiteral(node, parent);
    case "ReturnStatement":
      return node.argument ? [["return", node.argument.start, node.argument.end, "undefined"]] : [];
    case "ExpressionStatement":
      return /^(Await|Call)Expression$/.test(node.expression.type)
        ? [["statement", node.start, node.end, ";"]]
        : [];
    default:
      return [];
  }
}

function mutateOperator(node, text) {
  const { left, right, operator } = node;
  if (operator === "??") return [["operator", left.end, right.end, ""]];
  const isText = [left, right].some(
    (side) => side.type === "TemplateLiteral" || typeof side.value === "string",
  );
  if (OPERATORS[operator] === undefined || (operator.startsWith("+") && isText)) return [];
  const start = text.indexOf(operator, left.end);
  return [["operator", start, start + operator.length, OPERATORS[operator]]];
}

function mutateLiteral(node, parent) {
  if (typeof node.value === "boolean") return [["constant", node.start, node.end, String(!node.value)]];
  const isNumber = typeof node.value === "number" || typeof node.value === "bigint";
  const isKey = parent.type === "Property" && parent.key === node;
  if (!isNumber || isKey) return [];
  const suffix = typeof node.value === "bigint" ? "n" : "";
  return [["constant", node.start, node.end, `(${node.raw} + 1${suffix})`]];
}
