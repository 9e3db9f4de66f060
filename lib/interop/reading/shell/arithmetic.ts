import type { ArithmeticExpression } from "unbash";
import type { Variables } from "./variables.ts";

/** What an operator makes of two whole numbers; null where that is none. */
const OPERATORS: Readonly<
  Record<string, (a: number, b: number) => number | null>
> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => b === 0 ? null : Math.trunc(a / b),
  "%": (a, b) => b === 0 ? null : a % b,
  "**": (a, b) => a ** b,
  "<": (a, b) => Number(a < b),
  ">": (a, b) => Number(a > b),
  "<=": (a, b) => Number(a <= b),
  ">=": (a, b) => Number(a >= b),
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  "&&": (a, b) => Number(a !== 0 && b !== 0),
  "||": (a, b) => Number(a !== 0 || b !== 0),
};

/**
 * The value of a sum as a shell works it out, in whole numbers.
 *
 * @param missing Collects variables that nothing sets.
 * @returns Null where it cannot be told.
 */
export function sumOf(
  expression: ArithmeticExpression | undefined,
  variables: Variables,
  missing: Set<string>,
): number | null {
  switch (expression?.type) {
    case "ArithmeticWord":
      return wordOf(expression.value, variables, missing);
    case "ArithmeticGroup":
      return sumOf(expression.expression, variables, missing);
    case "ArithmeticUnary": {
      const value = sumOf(expression.operand, variables, missing);
      if (value === null) return null;
      if (expression.operator === "-") return -value;
      if (expression.operator === "!") return Number(value === 0);
      return expression.operator === "+" ? value : null;
    }
    case "ArithmeticBinary": {
      const left = sumOf(expression.left, variables, missing);
      const right = sumOf(expression.right, variables, missing);
      const work = OPERATORS[expression.operator];
      if (left === null || right === null || !work) return null;
      const value = work(left, right);
      return value !== null && Number.isSafeInteger(value) ? value : null;
    }
    case "ArithmeticTernary": {
      const test = sumOf(expression.test, variables, missing);
      if (test === null) return null;
      return sumOf(
        test === 0 ? expression.alternate : expression.consequent,
        variables,
        missing,
      );
    }
    default:
      return null;
  }
}

function wordOf(
  word: string,
  variables: Variables,
  missing: Set<string>,
): number | null {
  const [, name = ""] = /^\$?\{?([A-Za-z_]\w*|\d)\}?$/.exec(word) ?? [];
  if (/^\d+$/.test(word)) return safe(Number(word));
  if (name === "") return null;
  const text = variables.get(name)?.join(" ").trim();
  if (text === undefined) {
    missing.add(variables.unsetOf(name));
    return null;
  }
  if (/^-?\d+$/.test(text)) return safe(Number(text));
  if (text.includes("\uE000")) missing.add(text);
  return null;
}

function safe(value: number): number | null {
  return Number.isSafeInteger(value) ? value : null;
}
