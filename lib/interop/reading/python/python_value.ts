/** What an expression comes to; undefined where only running it would tell. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | PythonValue[]
  | { [key: string]: PythonValue }
  | undefined;

/** What a call is given. */
export interface PythonArguments {
  named: Record<string, PythonValue>;
  placed: PythonValue[];
}

/** A call that a text of Python has. */
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
