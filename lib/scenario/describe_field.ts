import { fieldAt } from "./field_list.ts";
import type { FieldValues } from "./values_of.ts";

/**
 * Describes the values of the field at a dotted path.
 *
 * @throws {RangeError} When a Scenario has no such field.
 */
export function describeField(path: string): FieldValues {
  const field = fieldAt(path);
  if (!field) throw new RangeError(`A scenario has no field "${path}"`);
  return field.values;
}
