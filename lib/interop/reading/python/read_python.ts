import { parser } from "@lezer/python";
import type { PythonArguments, PythonValue } from "./values.ts";
import { argumentsOf, calleeOf, pythonValueOf } from "./values.ts";

/** A call that a text of Python has. */
export interface PythonCall extends PythonArguments {
  /** The last part of its dotted name. */
  name: string;
  /** What stands before it. */
  on: string;
}

/** Deepest brackets of a text that is parsed; real code has fewer than ten. */
const MAX_BRACKETS = 64;
/** Most calls that are looked at. */
const MAX_CALLS = 2000;

/**
 * The calls of a text of Python with what they are given, where that is constants
 * or variables that were given such. Nothing is run.
 */
export function readPython(source: string): PythonCall[] {
  const text = withoutShell(source);
  if (deepestIn(text) > MAX_BRACKETS) return [];
  const names = new Map<string, PythonValue>();
  const calls: PythonCall[] = [];
  parser.parse(text).iterate({
    enter: (reference) => {
      if (reference.name === "AssignStatement") {
        const { node } = reference;
        const [target, ...rest] = [node.firstChild, node.lastChild];
        const value = rest[0];
        if (
          target?.name === "VariableName" && value && value.from > target.to
        ) {
          names.set(
            text.slice(target.from, target.to),
            pythonValueOf(value, text, names),
          );
        }
      } else if (
        reference.name === "CallExpression" && calls.length < MAX_CALLS
      ) {
        const { node } = reference;
        const whole = calleeOf(node, text);
        const at = whole.lastIndexOf(".");
        calls.push({
          name: whole.slice(at + 1),
          on: whole.slice(0, Math.max(0, at)),
          ...argumentsOf(node, text, names),
        });
      }
    },
  });
  return calls;
}

/** How deep brackets open at most, whatever they stand in. */
function deepestIn(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [sign] of text.matchAll(/[()[\]{}]/g)) {
    depth += /[([{]/.test(sign) ? 1 : depth > 0 ? -1 : 0;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Lines of a notebook that are no Python. */
function withoutShell(text: string): string {
  return text.replaceAll(/^[^\S\n]*[!%].*$/gm, "");
}
