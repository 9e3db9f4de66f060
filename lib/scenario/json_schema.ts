import { z } from "zod";
import { aboutOf } from "./about.ts";
import { shapesOf } from "./fields.ts";
import { scenarioSchema } from "./schema.ts";
import { innerOf } from "./values_of.ts";

/** A schema as JSON Schema 2020-12 writes it. */
export type JsonSchema = Record<string, unknown>;

/**
 * The schema of a Scenario as other programs read it: what may be sent, with
 * defaults, bounds and what each field says. Numbers are taken as people write
 * them too ("7B", "4k"), which it leaves out.
 */
export function scenarioJsonSchema(): JsonSchema {
  return described(scenarioSchema);
}

/**
 * The same with a few fields alone, for whoever reads every word of it.
 *
 * @param paths The fields to name, dotted; others are taken all the same.
 */
export function shortScenarioJsonSchema(paths: readonly string[]): JsonSchema {
  const kept = paths.flatMap((path) => {
    const keys = path.split(".");
    return keys.map((_, at) => keys.slice(0, at + 1).join("."));
  });
  return shortened(scenarioJsonSchema(), "", new Set(kept));
}

function described(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...own } = z.toJSONSchema(schema, {
    io: "input",
    // What takes values by their shape is written out below.
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const about = aboutOf(zodSchema);
      const shapes = shapesOf(innerOf(zodSchema));
      if (shapes && jsonSchema.anyOf === undefined) {
        delete jsonSchema.type;
        jsonSchema.anyOf = [shapes.text, ...shapes.objects].map((shape) =>
          described(shape as z.ZodType)
        );
      }
      // Few generators of clients know lists whose places differ.
      const [place] = jsonSchema.prefixItems ?? [];
      if (place !== undefined) {
        delete jsonSchema.prefixItems;
        jsonSchema.items = place;
      }
      // Not every reader's regular expressions know classes of Unicode.
      delete jsonSchema.pattern;
      if (about) jsonSchema.description = about.help ?? about.label;
    },
  });
  return own;
}

function shortened(
  schema: JsonSchema,
  prefix: string,
  kept: ReadonlySet<string>,
): JsonSchema {
  const { properties, additionalProperties: _, ...rest } = schema;
  if (typeof properties !== "object" || properties === null) return schema;
  const own = Object.entries(properties).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    return kept.has(path) ? [[key, shortened(inner, `${path}.`, kept)]] : [];
  });
  return { ...rest, properties: Object.fromEntries(own) };
}
