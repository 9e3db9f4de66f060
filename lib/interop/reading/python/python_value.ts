/** What an expression comes to; undefined where only running it would tell. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | PythonValue[]
  | { [key: string]: PythonValue }
  | undefined;

/** Whether a value is a dictionary. */
export function isDictionary(
  value: PythonValue,
): value is { [key: string]: PythonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a call is given. */
export interface PythonArguments {
  named: Record<string, PythonValue>;
  placed: PythonValue[];
}

/** The name of what sets an attribute, as if it were a call: its path is `on`. */
export const SETS = "=";

/** A call that a text of Python has, or an attribute that it sets. */
export interface PythonCall extends PythonArguments {
  /** The last part of its dotted name. */
  name: string;
  /** What stands before it. */
  on: string;
}

/** A sum, product or power of two numbers; undefined of anything else. */
export function worked(
  operator: string,
  a: PythonValue,
  b: PythonValue,
): PythonValue {
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  switch (operator) {
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

/** How tightly operators bind; others come to nothing that is known. */
export const BINDS: Readonly<Record<string, number>> = {
  "or": 1,
  "and": 1,
  "in": 2,
  "is": 2,
  "==": 2,
  "!=": 2,
  "<": 2,
  ">": 2,
  "<=": 2,
  ">=": 2,
  "|": 3,
  "&": 3,
  "^": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "//": 5,
  "%": 5,
  "@": 5,
  "**": 6,
};
