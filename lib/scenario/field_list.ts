import type { z } from "zod";
import type { About } from "./about.ts";
import { aboutOf, needsOf } from "./about.ts";
import { shapesOf } from "./fields.ts";
import type { Need } from "./needs.ts";
import { scenarioSchema } from "./schema.ts";
import type { FieldValues, WholeBounds } from "./values_of.ts";
import { innerOf, shapeOf, valuesOf, wholeBoundsOf } from "./values_of.ts";

/** A field of a Scenario, as it is defined. */
export interface Field extends Omit<About, "needs"> {
  /** Dotted path. */
  path: string;
  values: FieldValues;
  /** Of whole numbers: the least and the largest. */
  whole_numbers?: WholeBounds;
  /** What has to hold for it to mean anything, its section's needs first. */
  needs: readonly Need[];
}

/**
 * Every field, in a Scenario's order. What a field may hold instead of a text,
 * such as `hardware.gpu.memory_gib`, stands behind it as a field of its own.
 */
export const FIELDS: readonly Field[] = fieldsIn(scenarioSchema);

const BY_PATH = new Map(FIELDS.map((field) => [field.path, field]));

/** The field at a dotted path; undefined where there is none. */
export function fieldAt(path: string): Field | undefined {
  return BY_PATH.get(path);
}

/** @param instead Whether they stand for a text, so that forms may leave them out. */
function fieldsIn(
  schema: z.core.$ZodType,
  prefix = "",
  needs: readonly Need[] = [],
  instead = false,
): Field[] {
  const shape = shapeOf(schema);
  return Object.entries(shape ?? {}).flatMap(([key, inner]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const about = aboutOf(inner);
    if (!about) {
      const inside = [...needs, ...needsOf(innerOf(inner))];
      return fieldsIn(inner, path, inside, instead);
    }
    const own = [...needs, ...about.needs ?? []];
    const { needs: _, ...rest } = about;
    const values = valuesOf(inner);
    const bounds = wholeBoundsOf(inner);
    return [
      {
        ...rest,
        ...(bounds ? { whole_numbers: bounds } : {}),
        path,
        values: instead ? left(values, about) : values,
        needs: own,
      },
      ...(about.whole ? [] : (shapesOf(innerOf(inner))?.objects ?? [])
        .flatMap((each) => fieldsIn(each, path, own, true))),
    ];
  });
}

/** The values of a field that may be left out, in a form as well. */
function left(values: FieldValues, { options }: About): FieldValues {
  if (values.kind === "choice") return { ...values, optional: true };
  return values.kind === "switch" && options
    ? { kind: "choice", options, optional: true }
    : values;
}
