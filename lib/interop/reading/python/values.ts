import type { PythonNode } from "./node.ts";
import { childrenOf } from "./node.ts";

/** What an expression comes to; undefined where only running it would tell. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | PythonValue[]
  | { [key: string]: PythonValue }
  | undefined;

/** Deepest expression that is followed. */
const MAX_DEPTH = 32;

/** What is asked of the GPU, and holds for those since Ampere. */
const ASKS_FOR_BF16 = /^(?:is_bfloat16_supported|is_bf16_supported)$/;

/**
 * The value of an expression of constants and of names that such were given.
 *
 * @param names Values by variable.
 */
export function pythonValueOf(
  node: PythonNode,
  text: string,
  names: ReadonlyMap<string, PythonValue>,
  depth = 0,
): PythonValue {
  if (depth > MAX_DEPTH) return undefined;
  const inner = (each: PythonNode): PythonValue =>
    pythonValueOf(each, text, names, depth + 1);
  const own = text.slice(node.from, node.to);
  switch (node.name) {
    case "Number": {
      const number = Number(own.replaceAll("_", ""));
      return Number.isFinite(number) ? number : undefined;
    }
    case "String":
      return stringOf(own);
    case "ContinuedString":
      return childrenOf(node).map((each) =>
        stringOf(text.slice(each.from, each.to))
      ).join("");
    case "Boolean":
      return own === "True";
    case "None":
      return null;
    case "VariableName":
      return names.get(own);
    case "MemberExpression":
      // torch.bfloat16, IntervalStrategy.NO and the like say themselves.
      return /^(?:torch|jnp)\.\w+$/.test(own) ? own : undefined;
    case "ParenthesizedExpression": {
      const [only] = expressionsIn(node);
      return only ? inner(only) : undefined;
    }
    case "ArrayExpression":
    case "TupleExpression":
      return expressionsIn(node).map(inner);
    case "DictionaryExpression":
      return dictionaryOf(expressionsIn(node), inner);
    case "UnaryExpression": {
      const [operand] = expressionsIn(node);
      const value = operand ? inner(operand) : undefined;
      if (own.startsWith("-") && typeof value === "number") return -value;
      return own.startsWith("not") && value !== undefined ? !value : undefined;
    }
    case "BinaryExpression":
      return binaryOf(node, text, inner);
    case "ConditionalExpression": {
      const [then, test, otherwise] = expressionsIn(node);
      const holds = test ? inner(test) : undefined;
      const taken = holds === undefined ? null : holds ? then : otherwise;
      return taken ? inner(taken) : undefined;
    }
    case "CallExpression": {
      const name = calleeOf(node, text);
      const last = name.slice(name.lastIndexOf(".") + 1);
      if (ASKS_FOR_BF16.test(last)) return true;
      return name === "dict" ? argumentsOf(node, text, names).named : undefined;
    }
    default:
      return undefined;
  }
}

/** The dotted name of what is called. */
export function calleeOf(call: PythonNode, text: string): string {
  const callee = call.firstChild;
  return callee ? text.slice(callee.from, callee.to).replaceAll(/\s/g, "") : "";
}

/** What a call is given. */
export interface PythonArguments {
  named: Record<string, PythonValue>;
  placed: PythonValue[];
}

/** The arguments of a call; a dictionary that is unpacked is among the named. */
export function argumentsOf(
  call: PythonNode,
  text: string,
  names: ReadonlyMap<string, PythonValue>,
): PythonArguments {
  const given: PythonArguments = { named: Object.create(null), placed: [] };
  const list = call.getChild("ArgList");
  const parts = list
    ? childrenOf(list).filter(({ name }) => name !== "Comment")
    : [];
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at];
    if (!part || /^(?:[(),]|Comment)$/.test(part.name)) continue;
    const next = parts[at + 1];
    if (part.name === "**") {
      const value = next ? pythonValueOf(next, text, names) : undefined;
      if (
        typeof value === "object" && value !== null && !Array.isArray(value)
      ) {
        Object.assign(given.named, value);
      }
      at++;
    } else if (next?.name === "AssignOp") {
      const value = parts[at + 2];
      if (value) {
        given.named[text.slice(part.from, part.to)] = pythonValueOf(
          value,
          text,
          names,
        );
      }
      at += 2;
    } else given.placed.push(pythonValueOf(part, text, names));
  }
  return given;
}

function dictionaryOf(
  parts: readonly PythonNode[],
  inner: (node: PythonNode) => PythonValue,
): PythonValue {
  const found: Record<string, PythonValue> = Object.create(null);
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [key, value] = [parts[at], parts[at + 1]];
    const name = key ? inner(key) : undefined;
    if (typeof name === "string" && value) found[name] = inner(value);
  }
  return found;
}

function binaryOf(
  node: PythonNode,
  text: string,
  inner: (node: PythonNode) => PythonValue,
): PythonValue {
  const [left, right] = expressionsIn(node);
  const operator = node.getChild("ArithOp");
  if (!left || !right || !operator) return undefined;
  const [a, b] = [inner(left), inner(right)];
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  switch (text.slice(operator.from, operator.to)) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "**":
      return a ** b;
    case "/":
      return b === 0 ? undefined : a / b;
    case "//":
      return b === 0 ? undefined : Math.floor(a / b);
    default:
      return undefined;
  }
}

/** The expressions within a node, without its signs and words. */
function expressionsIn(node: PythonNode): PythonNode[] {
  return childrenOf(node).filter(({ name }) =>
    /^[A-Z]/.test(name) && !/Op$|^Comment$/.test(name)
  );
}

function stringOf(written: string): string {
  const bare = written.replace(/^[rRbBuU]*/, "");
  const quote = /^(?:"""|'''|"|')/.exec(bare)?.[0] ?? "";
  return bare.slice(quote.length, bare.length - quote.length)
    .replaceAll(/\\(["'\\])/g, "$1");
}
