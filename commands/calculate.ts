import { Command } from "commander";
import { CALCULATOR_PRESETS, findPreset, refusalOf } from "../lib/mod.ts";
import { methodOption } from "./method_option.ts";
import { readConfiguration } from "./read_configuration.ts";
import { readJson } from "./read_json.ts";
import type { AnswerOptions } from "./training_answer.ts";
import { alsoSet, formatOption, printAnswer } from "./training_answer.ts";
import { spelled } from "./spelled.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  deno task calculate --config configs/llama2_7b_deepspeed.json
  deno task calculate --preset mixtral-8x7b --method engine-formulas
  deno task calculate --config configs/my_config.json --gpu H100-80GB --json

FILE is a configuration of the training memory calculator, or a scenario as the
page saves it. The answer comes with the calculator's own formulas
(engine-formulas) beside it. Exit status: 0, or 2 when the input cannot be used.`;

interface Given extends AnswerOptions {
  config?: string;
  preset?: string;
}

/** `calculate`: a configuration or a preset in, its estimate out. */
export function calculateCommand(): Command {
  return new Command("calculate")
    .description("Estimate from a configuration file or a preset")
    .option(
      "-c, --config <file>",
      "a configuration in JSON; - is the standard input",
    )
    .option("-p, --preset <name>", "a preset; the command presets lists them")
    .option("--gpu <name>", "a GPU of the catalogue instead of the file's")
    .addOption(methodOption())
    .option(
      "--set <path=value>",
      "set any field of the scenario, such as train.loss=fused",
      alsoSet,
      [],
    )
    .addOption(formatOption())
    .option("--json", "the same as --format json")
    .addHelpText("after", spelled(EXAMPLES))
    .action(run);
}

async function run(given: Given): Promise<void> {
  const configuration = readConfiguration(await jsonOf(given));
  if (!configuration.ok) {
    const { problems } = configuration;
    if (given.json || given.format === "json") {
      await write(`${JSON.stringify(refusalOf(problems))}\n`);
    }
    throw new UsageError(problems.map(({ message }) => message).join("\n"));
  }
  await printAnswer(configuration.value, given);
}

async function jsonOf({ config, preset }: Given): Promise<unknown> {
  if ((config === undefined) === (preset === undefined)) {
    throw new UsageError(
      config === undefined
        ? "--config is missing: give a configuration, or a --preset"
        : "--config and --preset are both given: give one of them",
    );
  }
  if (config !== undefined) return await readJson(config);
  const found = findPreset(preset ?? "");
  if (found) return found.config;
  throw new UsageError(
    `--preset must be one of ${
      CALCULATOR_PRESETS.map(({ id }) => id).join(", ")
    }: current value is ${JSON.stringify(preset)}`,
  );
}
