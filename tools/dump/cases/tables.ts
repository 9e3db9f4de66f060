import type { Case } from "../case.ts";
import {
  CONFIG_FILES,
  DEFAULT_TABLES,
  estimate,
  opinionRows,
  parseTablesConfig,
  parseTablesSettings,
  scenarioOf,
  tablesOf,
  tryEstimate,
  USES,
} from "../doors.ts";

const SETTINGS: readonly Record<string, unknown>[] = [
  { model: "gpt2" },
  { model: "mistralai/Mixtral-8x7B-v0.1", dtype: "bf16, INT4" },
  { model: "llama2-7b", dtype: ["fp32"], batch_size: 4, sequence_length: "4k" },
  { model: "llama2-7b", dtype: "nf4", lora_rank: 8, count: "dimensions" },
  { model: "gpt2", dtype: "no" },
  { model: "gpt2", batch_size: 0, lora_rank: "x", count: "y", more: 1 },
  {},
];

const CONFIGS: readonly Record<string, unknown>[] = [
  {},
  ...CONFIG_FILES.flatMap((file) =>
    [1, {}, [], { a: { bytes_per_param: 1 } }, { "*": 1 }, [{ name: "x" }], {
      name: "Mine",
      memory_gb: 12,
    }, { table_styles: { gpu_table: { box: "no", title_style: "sparkling" } } }]
      .map((content) => ({ [file]: content }))
  ),
];

/** The tables of a model, and what they are made with. */
export function tableCases(): Case[] {
  return [
    ...SETTINGS.map((input) => ({
      id: `tables ${JSON.stringify(input)}`,
      answer: () => {
        const settings = parseTablesSettings(input, DEFAULT_TABLES);
        if (!settings.ok) return settings;
        const estimates = Object.fromEntries(
          USES.map((use) => [
            use,
            tryEstimate(scenarioOf(use, settings.value)),
          ]),
        ) as Parameters<typeof opinionRows>[0];
        const { model } = estimate({ model: settings.value.model });
        return {
          settings: settings.value,
          tables: tablesOf(model, settings.value, DEFAULT_TABLES),
          opinions: opinionRows(estimates),
        };
      },
    })),
    ...CONFIGS.map((files) => ({
      id: `tables' configuration ${JSON.stringify(files)}`,
      answer: () => parseTablesConfig(files),
    })),
  ];
}
