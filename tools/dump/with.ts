import type { Input } from "./case.ts";
import { putAt } from "./doors.ts";

/** A copy of an input with some fields set, by their dotted paths. */
export function withFields(input: Input, fields: Input): Input {
  const copy = structuredClone(input);
  for (const [path, value] of Object.entries(fields)) putAt(copy, path, value);
  return copy;
}
