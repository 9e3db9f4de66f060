import { styleText } from "node:util";
import { GIB, groupDigits } from "../../lib/mod.ts";
import type { TablesConfig, TableStyle } from "../../lib/ask/tables/config.ts";
import type { Tables } from "../../lib/ask/tables/mod.ts";
import type {
  MethodOpinions,
  UseOpinion,
} from "../../lib/ask/tables/opinions.ts";
import { opinionType, USES } from "../../lib/ask/tables/opinions.ts";
import { usableOf } from "../../lib/ask/tables/recommendations.ts";
import type { TypeRow } from "../../lib/ask/tables/rows.ts";
import type { TablesSettings } from "../../lib/ask/tables/settings.ts";
import { leastClass, MEMORY_CLASSES } from "../../lib/ask/tables/strategies.ts";
import { styleWords } from "../../lib/ask/tables/table_style.ts";
import { boxedTable } from "./boxed_table.ts";
import { plainTable, trimmed } from "./plain_table.ts";

type Align = "left" | "right";

/** Puts words of a style on a text; leaves it plain where there are no colours. */
type Paint = (text: string, style: string) => string;

/** Writes a model's tables for a terminal. */
export function tablesText(
  tables: Tables,
  { settings, config, opinions, color }: {
    settings: TablesSettings;
    config: TablesConfig;
    /** Null leaves them and all other details out. */
    opinions: readonly MethodOpinions[] | null;
    color: boolean;
  },
): string {
  const paint = painter(color);
  const blocks = [
    heading(tables, settings, paint),
    memoryTable(tables, config, paint),
    "Total × 1.2 for inference, × 4 × 1.3 for training with Adam; LoRA adds its adapters, × 1.2",
  ];
  if (opinions) {
    blocks.push(
      strategyTable(tables, config, paint),
      gpuTable(tables, config, paint),
      minimums(tables, paint),
      opinionTable(opinions, settings, paint),
    );
  }
  return `${blocks.join("\n\n")}\n`;
}

/** Writes the data types and GPUs that the tables know. */
export function typesText(
  { data_types, gpu_types }: TablesConfig,
  { color }: { color: boolean },
): string {
  const paint = painter(color);
  const types = Object.entries(data_types).map((
    [name, { bytes_per_param, description }],
  ) => [name, `${bytes_per_param}`, description]);
  const gpus = gpu_types.map((gpu) => [
    gpu.name,
    `${gpu.memory_gb} GB`,
    `${(usableOf(gpu) / GIB).toFixed(2)} GiB`,
    gpu.category,
    gpu.architecture ?? "",
  ]);
  return `${
    [
      titled("Data types", undefined, paint, [
        ["Data type", "Bytes per parameter", "Description"],
        ...types,
      ], ["left", "right", "left"]),
      titled("GPUs", undefined, paint, [
        ["GPU", "Memory", "Usable", "Category", "Architecture"],
        ...gpus,
      ], ["left", "right", "right", "left", "left"]),
    ].join("\n\n")
  }\n`;
}

function heading(
  tables: Tables,
  { count }: TablesSettings,
  paint: Paint,
): string {
  const { parameters_by_tensors, parameters_by_dimensions } = tables;
  const other = count === "tensors"
    ? `counted by tensor; --count dimensions takes ${
      groupDigits(parameters_by_dimensions)
    }`
    : `counted by dimensions; by tensor it has ${
      groupDigits(parameters_by_tensors)
    }`;
  return [
    `Model: ${paint(tables.model, "bold")}`,
    `Architecture: ${tables.type}`,
    `Parameters: ${groupDigits(tables.parameters)} (${other})`,
  ].join("\n");
}

function memoryTable(
  { rows }: Tables,
  { display }: TablesConfig,
  paint: Paint,
): string {
  const sized = (bytes: number) =>
    paint(gib(bytes), colorOf(bytes, display.memory_color_thresholds));
  return titled(
    "Memory by data type and use, GiB",
    display.table_styles.memory_table,
    paint,
    [
      ["Data type", "Bytes", "Total", "Inference", "Training (Adam)", "LoRA"],
      ...rows.map((row) => [
        rowName(row),
        `${row.bytes_per_param}`,
        sized(row.total_bytes),
        sized(row.inference_bytes),
        sized(row.training_bytes),
        sized(row.lora_bytes),
      ]),
    ],
    ["left", "right", "right", "right", "right", "right"],
  );
}

function strategyTable(
  { chosen, strategies }: Tables,
  { display }: TablesConfig,
  paint: Paint,
): string {
  return titled(
    `Parallel strategies (${chosen.type.toUpperCase()} inference), GiB per GPU`,
    display.table_styles.parallelization_table,
    paint,
    [
      ["Strategy", "TP", "PP", "EP", "DP", "Memory/GPU", "Least GPU"],
      ...strategies.map(({ name, tp, pp, ep, dp, bytes_per_gpu, least_gb }) => [
        name,
        ...[tp, pp, ep, dp].map(String),
        paint(
          gib(bytes_per_gpu),
          colorOf(bytes_per_gpu, display.memory_color_thresholds),
        ),
        classWords(least_gb),
      ]),
    ],
    ["left", "right", "right", "right", "right", "right", "left"],
  );
}

function gpuTable(
  { chosen, recommendations }: Tables,
  { display }: TablesConfig,
  paint: Paint,
): string {
  const mark = (fits: boolean) =>
    fits ? paint("✓", "green") : paint("✗", "red");
  return titled(
    `GPU recommendations (${chosen.type.toUpperCase()}, one GPU)`,
    display.table_styles.gpu_table,
    paint,
    [
      ["GPU", "Memory", "Usable GiB", "Inference", "Training", "LoRA"],
      ...recommendations.map((gpu) => [
        gpu.gpu,
        `${gpu.memory_gb} GB`,
        gib(gpu.usable_bytes),
        mark(gpu.inference),
        mark(gpu.training),
        mark(gpu.lora),
      ]),
    ],
    ["left", "right", "right", "left", "left", "left"],
  );
}

function minimums({ chosen }: Tables, paint: Paint): string {
  const line = (name: string, bytes: number) =>
    `Single GPU ${name}: ${(bytes / GIB).toFixed(1)} GiB (${
      classWords(leastClass(bytes))
    })`;
  return [
    paint(`Least GPU memory (${chosen.type.toUpperCase()})`, "bold"),
    line("inference", chosen.inference_bytes),
    line("training", chosen.training_bytes),
    line("LoRA", chosen.lora_bytes),
  ].join("\n");
}

function opinionTable(
  opinions: readonly MethodOpinions[],
  settings: TablesSettings,
  paint: Paint,
): string {
  const cell = ({ bytes }: UseOpinion) => bytes === null ? "-" : gib(bytes);
  const reasons = opinions.flatMap((row) =>
    USES.flatMap((use) =>
      row[use].reason === null
        ? []
        : [`  - ${row.method}, ${use}: ${row[use].reason}`]
    )
  );
  return [
    titled(
      `Second opinions (${
        opinionType(settings).toUpperCase()
      }, batch ${settings.batch_size}, ${
        groupDigits(settings.sequence_length)
      } tokens, LoRA rank ${settings.lora_rank}), GiB`,
      undefined,
      paint,
      [
        ["Method", "Inference", "Training (AdamW)", "LoRA"],
        ...opinions.map((row) => [
          row.method,
          ...USES.map((use) => cell(row[use])),
        ]),
      ],
      ["left", "right", "right", "right"],
    ),
    ...reasons,
  ].join("\n");
}

function titled(
  title: string,
  style: TableStyle | undefined,
  paint: Paint,
  [header = [], ...rows]: string[][],
  aligns: Align[],
): string {
  const top = header.map((name) => paint(name, style?.header_style ?? "bold"));
  const head = paint(title, style?.title_style ?? "bold");
  if (style?.box !== undefined) {
    const { box, show_lines: lined = false } = style;
    return `${head}\n${boxedTable([top, ...rows], { box, lined, aligns })}`;
  }
  const table = plainTable(aligns);
  table.push(top, ...rows);
  return `${head}\n${trimmed(table.toString())}`;
}

/** The name of a row: a format with its scales says so. */
function rowName({ type, with_scales }: TypeRow): string {
  return with_scales ? `${type.toUpperCase()} + scales` : type.toUpperCase();
}

function classWords(gb: number | null): string {
  return gb === null ? `>${MEMORY_CLASSES.at(-1)}GB` : `${gb}GB+`;
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(2);
}

/** Green, yellow or red by size; none between yellow's limit and red's. */
function colorOf(
  bytes: number,
  { green, yellow, red }: TablesConfig["display"]["memory_color_thresholds"],
): string {
  const size = bytes / GIB;
  if (size <= green) return "green";
  if (size <= yellow) return "yellow";
  return size > red ? "red" : "";
}

function painter(color: boolean): Paint {
  return (text, style) =>
    color
      ? styleWords(style).reduce(
        (styled, word) => styleText(word, styled, { validateStream: false }),
        text,
      )
      : text;
}
