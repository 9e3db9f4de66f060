import { z } from "zod";
import type { Result } from "../../scenario/parse_scenario.ts";
import { problemsOf } from "../../scenario/problem.ts";
import dataTypes from "./defaults/data_types.json" with { type: "json" };
import displaySettings from "./defaults/display_settings.json" with {
  type: "json",
};
import gpuTypes from "./defaults/gpu_types.json" with { type: "json" };
import { BOXES, isStyle } from "./table_style.ts";

/** The files of a configuration, by their names. */
export const CONFIG_FILES = [
  "data_types.json",
  "gpu_types.json",
  "display_settings.json",
] as const;

/** The name of one of them. */
export type ConfigFile = typeof CONFIG_FILES[number];

/** Names of data types: they stand in flags and addresses. */
const TYPE_NAME = /^[a-z0-9][\w.+:-]{0,39}$/i;

const positive = (max: number) =>
  z.number().max(max).refine((value) => value > 0, "must be more than 0");

const words = (max: number) => z.string().trim().min(1).max(max);

const dataTypesSchema = z.record(
  z.string(),
  z.strictObject({
    bytes_per_param: positive(64),
    description: z.string().max(200).default(""),
  }),
).superRefine((types, context) => {
  const names = Object.keys(types);
  if (names.length < 1 || names.length > 100) {
    context.addIssue({
      code: "custom",
      message: "must have 1 to 100 data types",
    });
  }
  for (const name of names.filter((each) => !TYPE_NAME.test(each))) {
    context.addIssue({
      code: "custom",
      path: [name],
      message: "must have a name of up to 40 letters, digits and _ . + : -",
    });
  }
});

const gpuSchema = z.strictObject({
  name: words(80),
  memory_gb: positive(65_536),
  memory_gib: positive(65_536).optional(),
  category: words(40).default("custom"),
  architecture: words(40).optional(),
});

/** One GPU may stand on its own, as the calculator's document shows it. */
const gpuTypesSchema = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? [value]
      : value,
  z.array(gpuSchema).min(1).max(500),
);

const style = z.string().max(80).refine(
  isStyle,
  "must be names of colours and bold, dim, italic or underline",
);

const tableStyle = z.strictObject({
  box: z.enum(BOXES).optional(),
  show_lines: z.boolean().optional(),
  header_style: style.optional(),
  title_style: style.optional(),
});

const displaySchema = z.strictObject({
  max_gpu_display: z.int().min(1).max(500).default(
    displaySettings.max_gpu_display,
  ),
  preferred_categories: z.array(words(40)).max(20).default(
    displaySettings.preferred_categories,
  ),
  memory_color_thresholds: z.strictObject({
    green: z.number().min(0),
    yellow: z.number().min(0),
    red: z.number().min(0),
  }).default(displaySettings.memory_color_thresholds),
  table_styles: z.strictObject({
    memory_table: tableStyle.optional(),
    parallelization_table: tableStyle.optional(),
    gpu_table: tableStyle.optional(),
  }).default({}),
  progress_settings: z.strictObject({
    show_progress: z.boolean().default(true),
    spinner_style: z.string().max(40).optional(),
    progress_color: z.string().max(40).optional(),
  }).prefault({}),
});

const SCHEMAS = {
  "data_types.json": dataTypesSchema,
  "gpu_types.json": gpuTypesSchema,
  "display_settings.json": displaySchema,
} as const;

/** A data type of the tables. */
export interface DataType {
  bytes_per_param: number;
  description: string;
}

/** A GPU of the recommendations. */
export type GpuType = z.infer<typeof gpuSchema>;

/** How the tables look. */
export type DisplaySettings = z.infer<typeof displaySchema>;

/** How one table looks. */
export type TableStyle = z.infer<typeof tableStyle>;

/** What the tables are made with. */
export interface TablesConfig {
  /** In their file's order. */
  data_types: Readonly<Record<string, DataType>>;
  gpu_types: readonly GpuType[];
  display: DisplaySettings;
}

/**
 * Checks the files of a configuration. Each replaces the built-in one of its
 * name, which is used where it is left out.
 *
 * @param files Their contents, parsed from JSON.
 * @returns The configuration, or every problem with its file, path and limit.
 */
export function parseTablesConfig(
  files: Partial<Record<ConfigFile, unknown>>,
): Result<TablesConfig> {
  const types = parsed("data_types.json", files, dataTypes);
  const gpus = parsed("gpu_types.json", files, gpuTypes);
  const display = parsed("display_settings.json", files, displaySettings);
  if (types.ok && gpus.ok && display.ok) {
    return {
      ok: true,
      value: {
        data_types: types.value,
        gpu_types: gpus.value,
        display: display.value,
      },
    };
  }
  return {
    ok: false,
    problems: [types, gpus, display].flatMap((result) =>
      result.ok ? [] : result.problems
    ),
  };
}

/** The configuration that is built in. */
export const DEFAULT_TABLES: TablesConfig = builtIn();

function builtIn(): TablesConfig {
  const result = parseTablesConfig({});
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.value;
}

function parsed<F extends ConfigFile>(
  file: F,
  files: Partial<Record<ConfigFile, unknown>>,
  usual: unknown,
): Result<z.infer<typeof SCHEMAS[F]>> {
  const input = file in files ? files[file] : usual;
  const result = SCHEMAS[file].safeParse(input);
  if (result.success) {
    return { ok: true, value: result.data as z.infer<typeof SCHEMAS[F]> };
  }
  return {
    ok: false,
    problems: problemsOf(result.error.issues, input, file).map((
      { path, message },
    ) => ({
      path: path === "" ? file : `${file}: ${path}`,
      message: path === ""
        ? message.replace(/^The /, "")
        : `${file}: ${message.replace(` of a ${file}`, "")}`,
    })),
  };
}
