import type { z } from "zod";
import { shapesOf } from "./fields.ts";

/** What a form, a flag or a document needs to know of a field's values. */
export type FieldValues =
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
  /** Of a number: "safeint" of a whole one. */
  format?: string;
  checks?: readonly { _zod: { def: { check: string; value?: number } } }[];
}

/** The least and the largest whole number that a field takes. */
export interface WholeBounds {
  least: number;
  most: number;
}

/** Describes the values of a field by its schema, so that they are written once. */
export function valuesOf(schema: z.core.$ZodType): FieldValues {
  const { inner, optional } = unwrap(schema);
  const text = shapesOf(inner)?.text;
  if (text) return valuesOf(text);
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
      // A switch has two states; what may be left open has three.
      return optional
        ? { kind: "choice", options: ["true", "false"], optional }
        : { kind: "switch" };
    case "number":
      return { kind: "number" };
    default:
      return { kind: "text" };
  }
}

/** The bounds of a field of whole numbers; null of any other. */
export function wholeBoundsOf(schema: z.core.$ZodType): WholeBounds | null {
  const { type, format, checks = [] } = definitionOf(unwrap(schema).inner);
  if (type !== "number" || format !== "safeint") return null;
  const limit = (check: string): number | undefined =>
    checks.find((each) => each._zod.def.check === check)?._zod.def.value;
  const least = limit("greater_than");
  const most = limit("less_than");
  return least === undefined || most === undefined ? null : { least, most };
}

/** The schema inside defaults, nulls and readers of text. */
export function innerOf(schema: z.core.$ZodType): z.core.$ZodType {
  return unwrap(schema).inner;
}

/** The fields of a section; undefined of what is none. */
export function shapeOf(
  schema: z.core.$ZodType,
): Record<string, z.core.$ZodType> | undefined {
  return definitionOf(innerOf(schema)).shape;
}

function unwrap(
  schema: z.core.$ZodType,
): { inner: z.core.$ZodType; optional: boolean } {
  let inner = schema;
  let optional = false;
  while (!shapesOf(inner)) {
    const definition = definitionOf(inner);
    if (definition.type === "nullable") optional = true;
    const next = definition.type === "pipe"
      ? definition.out
      : definition.innerType;
    if (!next) break;
    inner = next;
  }
  return { inner, optional };
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}
