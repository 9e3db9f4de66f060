import { Command, Option } from "commander";
import { hubFrom } from "../hub/mod.ts";
import {
  flagMessage,
  FLAGS,
  fromFlags,
  refusalOf,
  strategies,
} from "../lib/mod.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { strategiesText } from "../templates/terminal/strategies_text.ts";
import { applySet } from "./apply_set.ts";
import { environment } from "./environment.ts";
import { resolveInput } from "./estimate_model.ts";
import { givenFlags } from "./given_flags.ts";
import { terminalProgress } from "./progress.ts";
import { readScenario } from "./read_scenario.ts";
import { spelled } from "./spelled.ts";
import { terminalWidth } from "./terminal_width.ts";
import { alsoSet } from "./training_answer.ts";
import { UsageError } from "./usage_error.ts";
import { wantsColor } from "./wants_color.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  Ways to train a model on eight GPUs
    deno task strategies llama3.1-70b --lora --gpus 8 --gpu H100-80GB
  Ways to serve one, for a program
    deno task strategies qwen3-30b-a3b --task serve --gpus 4 --gpu A100-80GB \\
      --set serve.engine=vllm --json

Every flag of estimate sets a field of the scenario. Exit status: 0, or 2 when the
input cannot be used.`;

interface Given {
  scenario?: string;
  json?: boolean;
  all?: boolean;
  model?: string;
  set: string[];
  [flag: string]: unknown;
}

/** `strategies`: ways to lay a scenario's model out over its GPUs. */
export function strategiesCommand(): Command {
  const command = new Command("strategies")
    .description("List the ways to lay a model out over several GPUs")
    .argument("[model]", "the same as --model")
    .option("--scenario <file>", "a scenario in JSON; - is the standard input")
    .option("--set <path=value>", "set any field of the scenario", alsoSet, [])
    .option("--all", "list every way, not only the first")
    .option("--json", "print the ways as JSON");
  for (const { name, value, help } of FLAGS) {
    const taken = value === "<bool>" ? "[bool]" : value;
    const option = new Option(`${name} ${taken}`, help);
    command.addOption(
      TOLD.includes(name) ? option.helpGroup("Scenario:") : option.hideHelp(),
    );
  }
  return command.addHelpText("after", spelled(EXAMPLES)).action(run);
}

/** Flags that the help names; the others are those of estimate. */
const TOLD = [
  "--model",
  "--task",
  "--gpus",
  "--gpu",
  "--lora",
  "--qlora",
  "--seq-len",
  "--per-device-batch",
  "--grad-checkpoint",
];

async function run(named: string | undefined, given: Given): Promise<void> {
  const flags = givenFlags(given);
  const base = given.scenario === undefined
    ? {}
    : await readScenario(given.scenario);
  const input = fromFlags(flags, base);
  if (named !== undefined) input["model"] = named;
  for (const word of given.set) applySet(input, word);
  if (input["model"] === undefined) {
    throw new UsageError("--model is missing: give a model to lay out");
  }
  const { onProgress, say, end } = terminalProgress();
  const resolved = await resolveInput(input, hubFrom(environment), {
    ...(onProgress ? { onProgress } : {}),
  });
  const found = resolved.ok
    ? resolved.value.model
      ? { ok: true as const, value: resolved.value.model }
      : resolveModel(resolved.value.scenario.model)
    : resolved;
  if (!resolved.ok || !found.ok) {
    end();
    const problems = [
      ...(resolved.ok ? [] : resolved.problems),
      ...(found.ok || !resolved.ok ? [] : found.problems),
    ];
    if (given.json) await write(`${JSON.stringify(refusalOf(problems))}\n`);
    throw new UsageError(
      problems.map((each) => flagMessage(each, flags)).join("\n"),
    );
  }
  const { scenario } = resolved.value;
  const { gpus } = scenario.parallel;
  say?.(`Playing the ways to lay it out on ${gpus} GPUs`);
  const layouts = strategies(scenario, found.value, gpus);
  end();
  await write(
    given.json
      ? `${JSON.stringify(layouts, null, 2)}\n`
      : strategiesText(scenario, gpus, layouts, {
        color: wantsColor(),
        width: terminalWidth(),
        all: given.all === true,
      }),
  );
}
