import type { z } from "zod";
import { scenarioSchema } from "./schema.ts";

/** What a form, a flag or a document needs to know of one field. */
export type FieldDescription =
  | { kind: "number" | "text" }
  | { kind: "switch" }
  | { kind: "choice"; options: readonly string[]; optional: boolean };

/** The parts of a zod definition that wrap another schema. */
interface Definition {
  type: string;
  innerType?: z.core.$ZodType;
  out?: z.core.$ZodType;
  shape?: Record<string, z.core.$ZodType>;
  entries?: Record<string, string>;
  values?: readonly (string | number)[];
}

/**
 * Describes the field at a dotted path by its schema, so that its choices are
 * written down once.
 *
 * @throws {RangeError} When a Scenario has no such field.
 */
export function describeField(path: string): FieldDescription {
  let { inner, optional } = unwrap(scenarioSchema);
  for (const key of path.split(".")) {
    const next = definitionOf(inner).shape?.[key];
    if (!next) throw new RangeError(`A scenario has no field "${path}"`);
    ({ inner, optional } = unwrap(next));
  }
  const definition = definitionOf(inner);
  switch (definition.type) {
    case "enum":
      return {
        kind: "choice",
        options: Object.values(definition.entries ?? {}),
        optional,
      };
    case "literal":
      return {
        kind: "choice",
        options: (definition.values ?? []).map(String),
        optional,
      };
    case "boolean":
      return { kind: "switch" };
    case "number":
      return { kind: "number" };
    default:
      return { kind: "text" };
  }
}

/** The schema inside defaults, nulls and readers of text. */
function unwrap(
  schema: z.core.$ZodType,
): { inner: z.core.$ZodType; optional: boolean } {
  let inner = schema;
  let optional = false;
  while (true) {
    const definition = definitionOf(inner);
    if (definition.type === "nullable") optional = true;
    const next = definition.type === "pipe"
      ? definition.out
      : definition.innerType;
    if (!next) return { inner, optional };
    inner = next;
  }
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}
