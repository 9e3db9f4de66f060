import { z } from "zod";
import { count, tokens } from "../../scenario/fields.ts";
import type { ModelField } from "../../scenario/model_field.ts";
import { modelField } from "../../scenario/model_field.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { problemsOf } from "../../scenario/problem.ts";
import { scenarioSchema } from "../../scenario/schema.ts";
import type { TablesConfig } from "./config.ts";

const { count: countBy } = scenarioSchema.shape.rule_of_thumb.unwrap().shape;

/** What the tables are asked for. */
export interface TablesSettings {
  model: ModelField;
  /** The data types to show; all of them where the list is empty. */
  dtype: string[];
  batch_size: number;
  sequence_length: number;
  lora_rank: number;
  /** What the parameters are counted from. */
  count: z.infer<typeof countBy>;
}

/** The same without the model, by default. */
export const DEFAULT_SETTINGS: Omit<TablesSettings, "model"> = {
  dtype: [],
  batch_size: 1,
  sequence_length: 2048,
  lora_rank: 64,
  count: "tensors",
};

/**
 * Checks what the tables are asked for and fills in defaults.
 *
 * @param input Settings, still unchecked; numbers may be text.
 */
export function parseTablesSettings(
  input: unknown,
  { data_types }: TablesConfig,
): Result<TablesSettings> {
  const result = schemaFor(Object.keys(data_types)).safeParse(input);
  return result.success ? { ok: true, value: result.data } : {
    ok: false,
    problems: problemsOf(result.error.issues, input, "table"),
  };
}

function schemaFor(types: readonly string[]) {
  return z.strictObject({
    model: modelField,
    dtype: z.preprocess(
      (value) =>
        typeof value === "string"
          ? value.split(/[\s,]+/).filter((name) => name !== "")
            .map((name) => known(name, types))
          : value,
      z.array(z.enum(types)).max(100),
    ).default(DEFAULT_SETTINGS.dtype),
    batch_size: count(1, 1 << 20).default(DEFAULT_SETTINGS.batch_size),
    sequence_length: tokens(1, 1 << 28).default(
      DEFAULT_SETTINGS.sequence_length,
    ),
    lora_rank: count(1, 65_536).default(DEFAULT_SETTINGS.lora_rank),
    count: countBy,
  });
}

/** The name as the configuration writes it, whatever the case. */
function known(name: string, types: readonly string[]): string {
  return types.find((each) => each === name) ??
    types.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
}
