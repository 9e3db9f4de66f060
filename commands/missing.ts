import type {
  Estimate,
  Imported,
  Missing,
  Problem,
  Result,
} from "../lib/mod.ts";
import { importedText } from "../templates/terminal/imported_text.ts";
import { triedWords } from "../templates/tried_words.ts";
import type { Hub } from "../hub/mod.ts";
import { estimateModel } from "./estimate_model.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

/** What a configuration still asks for, after what the command line gives. */
export function stillMissing(
  { missing }: Pick<Imported, "missing">,
  paths: readonly string[],
): Missing[] {
  const isGiven = (path: string): boolean =>
    paths.some((each) => each === path || path.startsWith(`${each}.`));
  return missing.filter((each) =>
    each.paths.length === 0 || !each.paths.every(isGiven)
  );
}

/** Reads `NAME=value` after --given. @throws {UsageError} Where it is none. */
export function readGiven(words: readonly string[]): Record<string, string> {
  const given: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf("=");
    if (at <= 0) {
      throw new UsageError(
        `--given must be NAME=value: current value is ${JSON.stringify(word)}`,
      );
    }
    Object.defineProperty(given, word.slice(0, at), {
      value: word.slice(at + 1),
      enumerable: true,
      configurable: true,
    });
  }
  return given;
}

/** An answer for a number of GPUs that a file does not say. */
interface Tried {
  gpus: number;
  answer: Result<Estimate>;
}

/**
 * Asks for what is missing. Where it is the number of GPUs alone, the answers for
 * some stand beside the question.
 *
 * @param input The scenario, which may lack that number.
 * @throws {UsageError} Where something else is missing.
 */
export async function askForMissing(
  missing: readonly Missing[],
  configuration: Omit<Imported, "scenario">,
  json: boolean,
  input: Readonly<Record<string, unknown>>,
  { hub, headers }: { hub: Hub | null; headers: boolean },
): Promise<void> {
  const tries = triesOf(missing);
  if (tries === null) {
    if (json) {
      await write(`${
        JSON.stringify({
          error: { path: missing[0]?.name ?? "", message: asked(missing) },
          missing,
          configuration,
        })
      }\n`);
    }
    throw new UsageError(asked(missing));
  }
  const tried: Tried[] = [];
  if (input["model"] === undefined) {
    throw new UsageError(modelMissing(true).message);
  }
  for (const gpus of tries) {
    const parallel = { ...Object(input["parallel"]), gpus };
    tried.push({
      gpus,
      answer: await estimateModel({ ...input, parallel }, hub, { headers }),
    });
  }
  const [first] = tried;
  if (first && !first.answer.ok) {
    throw new UsageError(words(first.answer.problems));
  }
  await write(
    json
      ? `${
        JSON.stringify(
          {
            missing,
            answers: tried.map(({ gpus, answer }) => ({
              gpus,
              ...(answer.ok ? answer.value : { problems: answer.problems }),
            })),
            configuration,
          },
          null,
          2,
        )
      }\n`
      : `${importedText(configuration)}\n${
        tried.map(({ gpus, answer }) =>
          `${String(gpus).padStart(6)} GPUs  ${
            answer.ok ? triedWords(answer.value) : words(answer.problems)
          }\n`
        ).join("")
      }`,
  );
  if (!json) console.error(`${asked(missing)}`);
}

/** What is said where no model is named. */
export function modelMissing(isImported: boolean): Problem {
  return {
    path: "model",
    message: `--model is missing${
      isImported ? ", and the configuration names none" : ""
    }: give a name of the catalogue or the Hub, or a config.json, a .safetensors or .gguf file, or a folder with one`,
  };
}

function triesOf(missing: readonly Missing[]): readonly number[] | null {
  const [only, ...more] = missing;
  return more.length === 0 && only?.kind === "field"
    ? only.tries ?? null
    : null;
}

function asked(missing: readonly Missing[]): string {
  return missing.map(({ kind, name, reason }) =>
    `--from: ${reason}${
      kind === "file" ? " (--from FILE)" : ` (--given ${name}=…)`
    }`
  ).join("\n");
}

function words(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join("; ");
}
