import type { FilledField } from "../../answer/explanation.ts";
import { scenarioOfConfiguration } from "../../interop/read_configurations.ts";
import type { Imported } from "../../interop/reading/imported.ts";
import { MAX_CONFIGURATION_LENGTH } from "../../interop/reading/limits.ts";
import { ServingSource } from "../../interop/reading/serving/source.ts";
import { FORMATS } from "../../interop/tools.ts";
import { leavesOf } from "../../scenario/walk.ts";

/** A line that starts a server, with the lines that it goes on over. */
const STARTS =
  /(?:vllm serve|-m (?:vllm|sglang)[\w.]{1,60}|sglang[. ](?:launch_server|serve)|llama-(?:server|cli|bench)|docker run)\b/;
/** Lines of a text in which commands are looked for. */
const MOST_LINES = 20_000;
/** Lines that a command goes on over. */
const MOST_GOES_ON = 60;

/**
 * Fields that a text states as some tool writes them: a server's command or log, or
 * the settings of a trainer.
 *
 * @param settings Of training, by the Trainer's names.
 */
export function writtenIn(
  text: string,
  settings: ReadonlyMap<string, string>,
): FilledField[] {
  const command = commandIn(text);
  return [
    ...(command === null ? [] : fieldsOf(command, "its command")),
    ...(isLog(text) ? fieldsOf(text, "its log") : []),
    ...trainerFields(settings),
  ];
}

function isLog(text: string): boolean {
  const source = new ServingSource(text);
  return FORMATS.some(({ id, parse }) =>
    id.endsWith("-log") && (parse?.(source) ?? null) !== null
  );
}

/** What a configuration states; nothing where it is none. */
function fieldsOf(text: string, from: string): FilledField[] {
  const read = scenarioOfConfiguration(text);
  return read.ok ? stated(read.value, from) : [];
}

/** Fields that are stated, not those that are assumed beside them. */
function stated(
  { scenario, assumed }: Imported,
  from: string,
): FilledField[] {
  const taken = new Set(assumed.map(({ path }) => path));
  return leavesOf(scenario)
    .filter(({ path, value }) => value !== null && !taken.has(path))
    .map(({ path, value }) => ({ path, value, from }));
}

/** The command that starts a server, with its continued lines. */
function commandIn(text: string): string | null {
  const lines = text.split("\n", MOST_LINES);
  const at = lines.findIndex((line) =>
    line.length < 8192 && STARTS.test(line) && !/^\s*File "/.test(line)
  );
  if (at < 0) return null;
  const words: string[] = [];
  for (const line of lines.slice(at, at + MOST_GOES_ON)) {
    words.push(line.replace(/^[^\n]{0,80}?[$#>] /, "").replace(/\\\s*$/, ""));
    if (!/\\\s*$/.test(line)) break;
  }
  const command = words.join(" ");
  return command.length > MAX_CONFIGURATION_LENGTH ? null : command;
}

/** Settings that a trainer takes, but for those that it refuses. */
function trainerFields(settings: ReadonlyMap<string, string>): FilledField[] {
  const taken = [...settings].filter(([name, value]) =>
    readTrainer([[name, value]]) !== null
  );
  if (taken.length === 0) return [];
  return readTrainer(taken) ?? [];
}

function readTrainer(
  settings: readonly (readonly [string, string])[],
): FilledField[] | null {
  const values: Record<string, unknown> = Object.fromEntries(settings);
  if ("lora_r" in values) values["use_peft"] = "true";
  const read = scenarioOfConfiguration(
    JSON.stringify({ output_dir: "run", ...values }),
    "training_args.json",
  );
  return read.ok ? stated(read.value, "the trainer's settings") : null;
}
