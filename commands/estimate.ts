import process from "node:process";
import { Command } from "commander";
import type { Problem } from "../lib/mod.ts";
import {
  besideLog,
  estimateScenario,
  EXPORTS,
  flagMessage,
  fromFlags,
  nearestRuns,
  refusalOf,
  withFit,
} from "../lib/mod.ts";
import { besideLogText } from "../templates/terminal/beside_log_text.ts";
import { estimateText } from "../templates/terminal/estimate_text.ts";
import { importedText } from "../templates/terminal/imported_text.ts";
import { moreText } from "../templates/terminal/more_text.ts";
import { probeText } from "../templates/terminal/probe_text.ts";
import { wrapped } from "../templates/terminal/wrapped.ts";
import { applySet } from "./apply_set.ts";
import {
  readConfigurations,
  withoutModel,
  withoutOverridden,
} from "./configurations.ts";
import { printExplanation } from "./explain_error.ts";
import { runBatch } from "./estimate_batch.ts";
import { EXAMPLES } from "./estimate_examples.ts";
import type { EstimateGiven } from "./estimate_given.ts";
import { checkToken, fitOf, hubOf } from "./estimate_given.ts";
import { resolveInput } from "./estimate_model.ts";
import {
  flagOptions,
  givenFlags,
  NO_KV_CACHE,
  pathsOf,
} from "./given_flags.ts";
import {
  askForMissing,
  modelMissing,
  readGiven,
  stillMissing,
} from "./missing.ts";
import { printExport } from "./print_export.ts";
import { probe } from "./probe.ts";
import {
  asksForProbe,
  checkProbeFlags,
  PROBE_FLAGS,
  stepsOf,
  wantsHeaders,
} from "./probe_flags.ts";
import { readScenario } from "./read_scenario.ts";
import { givenBandwidths, MORE_FLAGS, moreAnswers } from "./more_answers.ts";
import { terminalProgress } from "./progress.ts";
import { terminalWidth } from "./terminal_width.ts";
import { spelled } from "./spelled.ts";
import { UsageError } from "./usage_error.ts";
import { wantsColor } from "./wants_color.ts";
import { write } from "./write.ts";

/** Exit status of --check for a scenario that does not fit. */
const DOES_NOT_FIT = 3;

/** Measured runs that --evidence shows. */
const EVIDENCE = 3;

/** `estimate`: flags, a scenario or a batch of them in, estimates out. */
export function estimateCommand(): Command {
  const command = new Command("estimate")
    .description(
      "Estimate the GPU memory of training, fine-tuning or serving a model",
    )
    .argument("[model]", "the same as --model");
  for (const option of flagOptions(({ group }) => group === undefined)) {
    command.addOption(option.helpGroup("Most asked:"));
  }
  command.addOption(NO_KV_CACHE.helpGroup("Most asked:"));
  command.optionsGroup("Scenario:")
    .option("--scenario <file>", "a scenario in JSON; - is the standard input")
    .option("--batch <file>", "a scenario a line; - is the standard input")
    .option(
      "--from <file>",
      "a tool's configuration: TrainingArguments, LLaMA-Factory, Axolotl, DeepSpeed, accelerate, torchtune, Megatron-LM …, or a server's command, Modelfile or log: vLLM, SGLang, llama.cpp …; - is the standard input, several add up",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .option(
      "--given <name=value>",
      "what a --from file asks for: a variable that its caller sets, or a field",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .option(
      "--set <path=value>",
      "set any field of the scenario, such as train.loss=fused",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .option(
      "--hf-token-stdin",
      "read a token of the Hub from the standard input, hidden when typed",
    )
    .optionsGroup("Answer:")
    .option(
      "--check",
      "end with status 3 where it does not fit, for scripts and job queues",
    )
    .option(
      "--export <format>",
      `print the scenario as another tool's configuration: ${
        EXPORTS.map(({ id }) => id).join(", ")
      }`,
    )
    .option(
      "--explain <file>",
      "explain an out-of-memory error, a log that has one or nvidia-smi's table, with what is given of the run; - is the standard input",
    )
    .option("--json", "print the estimate as JSON")
    .option(
      "--fit <gpus>",
      "of which GPUs JSON tells whether they hold it: own, or all of the catalogue",
    )
    .option("--evidence", "show the measured runs most like it")
    .option("--opinions", "show what the other methods say")
    .option(
      "--capacity",
      "when serving, show how many users fit at which length",
    );
  for (const option of MORE_FLAGS) command.addOption(option);
  for (const option of flagOptions(({ group }) => group !== undefined)) {
    command.addOption(option);
  }
  command.optionsGroup("On this machine:");
  for (const option of PROBE_FLAGS) command.addOption(option);
  return command.addHelpText("after", spelled(EXAMPLES)).action(run);
}

async function run(
  named: string | undefined,
  given: EstimateGiven,
): Promise<void> {
  if (named !== undefined) {
    if (given.model !== undefined) {
      throw new UsageError(
        `--model must be given once: ${named} stands for a model too`,
      );
    }
    given.model = named;
  }
  checkToken(given);
  const fit = fitOf(given);
  if (given.batch !== undefined) return await runBatch(given, given.batch, fit);
  checkProbeFlags(given);
  const flags = givenFlags(given);
  if (given.given.length > 0 && given.from.length === 0) {
    throw new UsageError("--given answers to a file: give --from too");
  }
  if (given.scenario !== undefined && given.from.length > 0) {
    throw new UsageError(
      "--scenario and --from cannot be given together: a scenario may be one of the --from files",
    );
  }
  const imported = given.from.length > 0
    ? await readConfigurations(
      given.from,
      given.json === true,
      readGiven(given.given),
    )
    : null;
  const base = imported
    ? withoutModel(imported.scenario, flags)
    : given.scenario === undefined
    ? {}
    : await readScenario(given.scenario);
  const input = fromFlags(flags, base);
  for (const word of given.set) applySet(input, word);
  const paths = pathsOf(flags, given.set);
  if (given.explain !== undefined) {
    const asked = { json: given.json === true, flags };
    return await printExplanation(
      given.explain,
      input,
      await hubOf(given),
      asked,
    );
  }
  const configuration = imported && withoutOverridden(imported, paths);
  const missing = configuration ? stillMissing(configuration, paths) : [];
  if (configuration && missing.length > 0) {
    return await askForMissing(
      missing,
      { ...configuration, missing },
      given.json === true,
      input,
      { hub: await hubOf(given), headers: wantsHeaders(given) },
    );
  }
  if (input["model"] === undefined) {
    throw new UsageError(modelMissing(imported !== null).message);
  }
  if (given.check && given.export !== undefined) {
    throw new UsageError(
      "--check and --export cannot be given together: an export estimates nothing",
    );
  }
  if (given.export !== undefined) return await printExport(input, given.export);
  const bandwidths = givenBandwidths(given);
  const { onProgress, end } = terminalProgress();
  const resolved = await resolveInput(input, await hubOf(given), {
    headers: wantsHeaders(given),
    ...(onProgress ? { onProgress } : {}),
  });
  end();
  const refuse = async (problems: readonly Problem[]): Promise<never> => {
    if (given.json) await write(`${JSON.stringify(refusalOf(problems))}\n`);
    throw new UsageError(
      problems.map((problem) => flagMessage(problem, flags)).join("\n"),
    );
  };
  if (!resolved.ok) return await refuse(resolved.problems);
  const { scenario, model } = resolved.value;
  const { traffic = false, opinions = false, capacity = false } = given;
  const result = estimateScenario(scenario, model, {
    traffic,
    opinions,
    capacity,
  });
  if (!result.ok) return await refuse(result.problems);
  const more = moreAnswers(given, bandwidths, resolved.value, result.value);
  const evidence = given.evidence
    ? { evidence: nearestRuns(result.value, EVIDENCE) }
    : {};
  const probed = asksForProbe(given)
    ? await probe(result.value, stepsOf(given))
    : null;
  const measured = probed?.ok ? { probe: probed.value } : {};
  const width = terminalWidth();
  const beside = besideLog(imported?.figures ?? [], result.value);
  await write(
    given.json
      ? `${
        JSON.stringify(
          {
            ...withFit(result.value, fit),
            ...more,
            ...evidence,
            ...measured,
            ...(configuration ? { configuration } : {}),
            ...(beside.length > 0 ? { beside_log: beside } : {}),
          },
          null,
          2,
        )
      }\n`
      : estimateText(result.value, {
        color: wantsColor(),
        width,
        ...evidence,
      }) +
        besideLogText(beside, { color: wantsColor() }) +
        wrapped(moreText(more, result.value), width) +
        (probed?.ok ? probeText(result.value, probed.value) : "") +
        (configuration
          ? wrapped(`\n${importedText(configuration)}`, width)
          : ""),
  );
  if (given.check && !result.value.fit[0]?.fits) {
    process.exitCode = DOES_NOT_FIT;
  }
  if (probed && !probed.ok) {
    for (const { message } of probed.problems) {
      console.error(`--probe: ${message}; this is the estimate alone`);
    }
    process.exitCode = 1;
  }
}
