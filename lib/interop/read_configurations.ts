import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import { applyFormat } from "./reading/apply_format.ts";
import type { Document } from "./reading/document.ts";
import { readDocument } from "./reading/document.ts";
import { Draft } from "./reading/draft.ts";
import type { Format } from "./reading/format.ts";
import type { Configuration, Imported } from "./reading/imported.ts";
import {
  MAX_CONFIGURATION_LENGTH,
  MAX_CONFIGURATIONS,
} from "./reading/limits.ts";
import { MAX_LOG_LENGTH, ServingSource } from "./reading/serving/source.ts";
import { settle } from "./reading/settle/settle.ts";
import { FORMATS } from "./tools.ts";

/**
 * Reads a tool's configuration into a Scenario: what of it was understood, what
 * was ignored and why, what was assumed.
 *
 * @param text JSON, YAML, a shell script, the command that starts a server, a
 *   Modelfile, or what a server printed while it started.
 * @param name Its file's name, for messages.
 *
 * @example
 * ```ts
 * import { scenarioOfConfiguration } from "./read_configurations.ts";
 *
 * const read = scenarioOfConfiguration("base_model: Qwen/Qwen3-8B\nadapter: lora");
 * if (read.ok) console.log(read.value.scenario, read.value.ignored);
 * ```
 */
export function scenarioOfConfiguration(
  text: string,
  name?: string,
): Result<Imported> {
  return scenarioOfConfigurations([
    name === undefined ? { text } : { text, name },
  ]);
}

/**
 * Reads several configurations of one run, such as TrainingArguments, a
 * DeepSpeed JSON and an accelerate YAML. Where they state the same, the later
 * one wins.
 */
export function scenarioOfConfigurations(
  configurations: readonly Configuration[],
): Result<Imported> {
  if (configurations.length === 0) {
    return refused([{
      path: "configuration",
      message: "configuration must not be empty: no text was given",
    }]);
  }
  if (configurations.length > MAX_CONFIGURATIONS) {
    return refused([{
      path: "configuration",
      message:
        `configuration must be at most ${MAX_CONFIGURATIONS} files: current value is ${configurations.length}`,
    }]);
  }
  // A log may be longer, and is refused by itself where it is too long.
  const length = configurations.reduce(
    (sum, { text }) => sum + Math.min(text.length, MAX_CONFIGURATION_LENGTH),
    0,
  );
  const logs =
    configurations.filter(({ text }) =>
      text.length > MAX_CONFIGURATION_LENGTH && text.length <= MAX_LOG_LENGTH
    ).length;
  if (
    configurations.length > 1 && length > (1 + logs) * MAX_CONFIGURATION_LENGTH
  ) {
    return refused([{
      path: "configuration",
      message:
        `configuration must have at most ${MAX_CONFIGURATION_LENGTH} characters in all files: current value has ${length}`,
    }]);
  }
  const drafts: Draft[] = [];
  const formats: Imported["formats"] = [];
  const problems: Problem[] = [];
  for (const { text, name } of configurations) {
    const read = readOne(text, name ?? "");
    if (!read.ok) {
      problems.push(...read.problems.map((each) => named(each, name)));
      continue;
    }
    const { draft, format } = read.value;
    drafts.push(draft);
    formats.push({
      id: format.id,
      title: format.title,
      ...(name === undefined ? {} : { name }),
    });
  }
  if (problems.length > 0) return refused(problems);
  const settled = settle(drafts);
  return settled.ok
    ? { ok: true, value: { formats, ...settled.value } }
    : settled;
}

function readOne(
  text: string,
  name: string,
): Result<{ draft: Draft; format: Format }> {
  const own = readOwn(text, name);
  if (own) return own;
  const document = readDocument(text);
  if (!document.ok) return document;
  const { kind, values } = document.value;
  const format = FORMATS.find((each) =>
    each.kind === kind && each.recognises(values, name)
  );
  if (!format) {
    const keys = Object.keys(values).slice(0, 5)
      .map((key) => JSON.stringify(key.slice(0, 40))).join(", ");
    return refused([{
      path: "configuration",
      message: `configuration must be of ${
        FORMATS.map(({ title }) => title).join(", ")
      }: current value has ${keys === "" ? "no settings" : `the keys ${keys}`}`,
    }]);
  }
  return drafted(format, document.value);
}

/** Reads commands, logs and files that are no settings by the format itself. */
function readOwn(
  text: string,
  name: string,
): Result<{ draft: Draft; format: Format }> | null {
  const source = new ServingSource(text, name);
  for (const format of FORMATS) {
    const document = format.parse?.(source);
    if (document) return drafted(format, document);
  }
  return null;
}

function drafted(
  format: Format,
  document: Document,
): Result<{ draft: Draft; format: Format }> {
  const draft = new Draft();
  applyFormat(format, document, draft);
  if (draft.problems.length > 0) return refused(draft.problems);
  return { ok: true, value: { draft, format } };
}

/** A problem with its file's name, where there is one. */
function named(problem: Problem, name: string | undefined): Problem {
  if (name === undefined || name === "") return problem;
  return {
    ...problem,
    message: `${
      name.replaceAll(/\p{Cc}/gu, "").slice(0, 100)
    }: ${problem.message}`,
  };
}

function refused(problems: Problem[]): Result<never> {
  return { ok: false, problems };
}
