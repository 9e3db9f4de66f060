import { Command, Option } from "commander";
import { hubFrom } from "../hub/mod.ts";
import type { Estimate, Result } from "../lib/mod.ts";
import { refusalOf } from "../lib/mod.ts";
import type { Problem } from "../lib/mod.ts";
import { tablesOf } from "../lib/ask/tables/mod.ts";
import type { Use } from "../lib/ask/tables/opinions.ts";
import { opinionRows, scenarioOf } from "../lib/ask/tables/opinions.ts";
import {
  DEFAULT_SETTINGS,
  parseTablesSettings,
} from "../lib/ask/tables/settings.ts";
import { tablesText, typesText } from "../templates/terminal/tables_text.ts";
import { environment } from "./environment.ts";
import { wantsHeaders } from "./probe_flags.ts";
import { estimateModel } from "./estimate_model.ts";
import { terminalProgress } from "./progress.ts";
import { tablesConfig } from "./tables_config.ts";
import { spelled } from "./spelled.ts";
import { UsageError } from "./usage_error.ts";
import { wantsColor } from "./wants_color.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  deno task tables microsoft/DialoGPT-medium
  deno task tables --show-detailed --lora-rank 128 llama2-7b
  deno task tables --dtype bf16 mistralai/Mistral-7B-v0.1
  deno task tables --list-types
  deno task tables --config-dir ./my_config microsoft/DialoGPT-medium

--config-dir names a folder with data_types.json, gpu_types.json and
display_settings.json, or some of them (docs/rule-of-thumb.md).`;

interface Given {
  dtype?: string;
  batchSize?: string;
  sequenceLength?: string;
  loraRank?: string;
  count?: string;
  showDetailed?: boolean;
  configDir?: string;
  listTypes?: boolean;
  json?: boolean;
  [flag: string]: unknown;
}

/** `tables`: a model's memory by data type and use, by rules of thumb. */
export function tablesCommand(): Command {
  const usual = DEFAULT_SETTINGS;
  return new Command("tables")
    .description("A model's memory by data type and use, by rules of thumb")
    .argument("[model]", "as --model of estimate takes it")
    .option("--dtype <types>", "data types, by commas (all of them)")
    .option("--batch-size <n>", `for the second opinions (${usual.batch_size})`)
    .option(
      "--sequence-length <tokens>",
      `for the second opinions (${usual.sequence_length})`,
    )
    .option("--lora-rank <r>", `rank of LoRA (${usual.lora_rank})`)
    .option(
      "--count <by>",
      "tensors (default), or dimensions as the first release did",
    )
    .option(
      "--show-detailed",
      "parallel strategies, GPU recommendations, least GPUs, second opinions",
    )
    .option("--config-dir <folder>", "data types, GPUs and looks of your own")
    .option("--list-types", "list data types and GPUs, and no more")
    .addOption(
      new Option(
        "--load-full-model [bool]",
        "count from the checkpoint's headers, on the Hub or a disk",
      ),
    )
    .option("--json", "print the tables as JSON")
    .addHelpText("after", spelled(EXAMPLES))
    .action(run);
}

async function run(name: string | undefined, given: Given): Promise<void> {
  const config = await tablesConfig(given.configDir);
  const color = wantsColor();
  if (given.listTypes) {
    const { data_types, gpu_types } = config;
    return await write(
      given.json
        ? `${JSON.stringify({ data_types, gpu_types }, null, 2)}\n`
        : typesText(config, { color }),
    );
  }
  if (name === undefined || name.trim() === "") {
    throw new UsageError(
      "model is missing: give a name of the catalogue or the Hub, or a config.json, a .safetensors or .gguf file, or a folder with one",
    );
  }
  const parsed = parseTablesSettings({
    model: name,
    ...textsOf(given),
  }, config);
  if (!parsed.ok) return await refuse(parsed.problems, given);
  const settings = parsed.value;

  const hub = hubFrom(environment);
  const headers = wantsHeaders(given);
  const { onProgress, end } = terminalProgress();
  const watch = onProgress && config.display.progress_settings.show_progress
    ? { onProgress }
    : {};
  const estimate = (use: Use): Promise<Result<Estimate>> =>
    estimateModel(scenarioOf(use, settings), hub, {
      headers,
      opinions: given.showDetailed === true,
      ...watch,
    });
  const inference = await estimate("inference");
  end();
  if (!inference.ok) return await refuse(inference.problems, given);
  const tables = tablesOf(inference.value.model, settings, config);
  const opinions = given.showDetailed
    ? opinionRows({
      inference,
      training: await estimate("training"),
      lora: await estimate("lora"),
    })
    : null;
  await write(
    given.json
      ? `${
        JSON.stringify(
          { settings, ...tables, ...(opinions ? { opinions } : {}) },
          null,
          2,
        )
      }\n`
      : tablesText(tables, { settings, config, opinions, color }),
  );
}

/** Settings that are given, still text. */
function textsOf(given: Given): Record<string, string> {
  const { dtype, batchSize, sequenceLength, loraRank, count } = given;
  const texts = {
    dtype,
    batch_size: batchSize,
    sequence_length: sequenceLength,
    lora_rank: loraRank,
    count,
  };
  return Object.fromEntries(
    Object.entries(texts).filter((each): each is [string, string] =>
      each[1] !== undefined
    ),
  );
}

async function refuse(
  problems: readonly Problem[],
  { json }: Given,
): Promise<never> {
  if (json) await write(`${JSON.stringify(refusalOf(problems))}\n`);
  throw new UsageError(
    problems.map(({ path, message }) =>
      path in DEFAULT_SETTINGS && message.startsWith(path)
        ? `--${path.replaceAll("_", "-")}${message.slice(path.length)}`
        : message
    ).join("\n"),
  );
}
