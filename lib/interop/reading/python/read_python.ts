import type { PythonCall, PythonValue } from "./python_value.ts";
import { PythonReader } from "./python_reader.ts";
import { tokensOf } from "./tokens.ts";

/**
 * The calls of a text of Python with what they are given, where that is constants
 * or variables that were given such. Nothing is run. The parsers of Python that npm
 * has ask for the environment as they are loaded, which no page of this program
 * may.
 */
export function readPython(source: string): PythonCall[] {
  // Lines of a notebook that are no Python.
  const text = source.replaceAll(/^[^\S\n]*[!%].*$/gm, "");
  const names = new Map<string, PythonValue>();
  const reader = new PythonReader(tokensOf(text), names);
  reader.statements();
  return reader.calls;
}
