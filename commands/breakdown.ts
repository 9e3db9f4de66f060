import { Command, Option } from "commander";
import { hubFrom } from "../hub/mod.ts";
import type { Estimate, GivenFlag, Problem, Result } from "../lib/mod.ts";
import { flagMessage, FLAGS, fromFlags, putAt, refusalOf } from "../lib/mod.ts";
import { breakdownText } from "../templates/terminal/breakdown_text.ts";
import { applySet } from "./apply_set.ts";
import { environment } from "./environment.ts";
import { givenFlags, NO_KV_CACHE } from "./given_flags.ts";
import { wantsHeaders } from "./probe_flags.ts";
import { estimateModel } from "./estimate_model.ts";
import { terminalProgress } from "./progress.ts";
import { UsageError } from "./usage_error.ts";
import { wantsColor } from "./wants_color.ts";
import { spelled } from "./spelled.ts";
import { write } from "./write.ts";

/** The flags of the calculator that this command stands in for. */
const TAKEN = [
  "--model",
  "--mode",
  "--precision",
  "--optimizer",
  "--batch-size",
  "--seq-length",
  "--gradient-accumulation-steps",
  "--gradient-checkpointing",
  "--gpu",
  "--gpu-memory",
];

/** The model that the calculator takes where none is named. */
const USUAL_MODEL = "microsoft/phi-2";

/** Tokens of a sequence, for a model that states no greatest length. */
const USUAL_LENGTH = 2048;

/** Words of `--set` that give the length of a sequence. */
const LENGTHS = /^(train\.sequence_length|serve\.input_tokens)=/;

const NOTES = `
The multipliers method answers (docs/multipliers.md). Without --seq-length the
model's greatest length is taken; without --model, ${USUAL_MODEL}.

Examples:
  deno task breakdown --model microsoft/phi-2 --mode training --batch-size 4
  deno task breakdown --model llama3-8b --mode inference --no-kv-cache`;

/** `breakdown`: training or serving one model on one GPU, by multipliers. */
export function breakdownCommand(): Command {
  const command = new Command("breakdown")
    .description(
      "Break one model's memory down, by multipliers of its weights",
    );
  for (const { name, value, help } of FLAGS) {
    if (!TAKEN.includes(name)) continue;
    const optional = value === "<bool>" ? "[bool]" : value;
    command.addOption(new Option(`${name} ${optional}`, help));
  }
  return command
    .addOption(NO_KV_CACHE)
    .option(
      "--load-full-model [bool]",
      "count from the checkpoint's headers, on the Hub or a disk",
    )
    .option(
      "--set <path=value>",
      "set any field, such as multipliers.gradient_checkpointing=0.4",
      (word: string, words: string[]) => [...words, word],
      [] as string[],
    )
    .option("--json", "print the estimate as JSON")
    .addHelpText("after", spelled(NOTES))
    .action(run);
}

interface Given {
  set: string[];
  [flag: string]: unknown;
}

async function run(given: Given): Promise<void> {
  // Commander takes the cache for wanted unless it is denied.
  const { kvCache, ...others } = given;
  const flags = givenFlags(
    kvCache === false ? { ...others, kvCache } : others,
  );
  const input = fromFlags(flags, { model: USUAL_MODEL, method: "multipliers" });
  for (const word of given.set) applySet(input, word);
  const { onProgress, end } = terminalProgress();
  const hub = hubFrom(environment);
  const estimate = (): Promise<Result<Estimate>> =>
    estimateModel(input, hub, {
      headers: wantsHeaders(given),
      ...(onProgress ? { onProgress } : {}),
    });
  const first = await estimate();
  end();
  if (!first.ok) return await refuse(first.problems, flags, given);
  const isGiven = flags.some(({ flag }) => flag.name === "--seq-length") ||
    given.set.some((word) => LENGTHS.test(word));
  if (!isGiven) {
    const { max_position_embeddings: greatest } =
      first.value.model.architecture;
    setLength(input, `${greatest ?? USUAL_LENGTH}`);
  }
  const result = isGiven ? first : await estimate();
  if (!result.ok) return await refuse(result.problems, flags, given);
  const { value } = result;
  if (value.method !== "multipliers") {
    throw new UsageError(
      value.warnings[0]?.replace(/: the \w+ method answered$/, "") ??
        "The multipliers method does not answer here",
    );
  }
  await write(
    given["json"]
      ? `${JSON.stringify(value, null, 2)}\n`
      : breakdownText(value, { color: wantsColor() }),
  );
}

function setLength(input: Record<string, unknown>, length: string): void {
  if (input["task"] !== "serve") {
    putAt(input, "train.sequence_length", length);
    return;
  }
  putAt(input, "serve.input_tokens", length);
  putAt(input, "serve.output_tokens", "0");
}

async function refuse(
  problems: readonly Problem[],
  flags: readonly GivenFlag[],
  { json }: Record<string, unknown>,
): Promise<never> {
  if (json) await write(`${JSON.stringify(refusalOf(problems))}\n`);
  throw new UsageError(
    problems.map((problem) => flagMessage(problem, flags)).join("\n"),
  );
}
