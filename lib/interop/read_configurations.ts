import { isObject } from "../scenario/fields.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import { applyFormat } from "./reading/apply_format.ts";
import type { NamedDocument } from "./reading/commands/over_file.ts";
import {
  overFiles,
  tellShipped,
  wantFile,
} from "./reading/commands/over_file.ts";
import { byFlags, readCommands } from "./reading/commands/read_commands.ts";
import { checkText, readDocument } from "./reading/document.ts";
import { Draft } from "./reading/draft.ts";
import { givenValues } from "./reading/given.ts";
import { partsOf } from "./reading/parts.ts";
import { looksLikePython } from "./reading/python/looks_like_python.ts";
import { readCalls } from "./reading/python/read_calls.ts";
import { readPython } from "./reading/python/read_python.ts";
import { looksLikeShell } from "./reading/shell/looks_like_shell.ts";
import { flagsGathered, flagsOf } from "./reading/shell/read_shell.ts";
import { readScript } from "./reading/shell/script.ts";
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
 * @param given What {@linkcode Imported.missing} asked for, by its names.
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
  given: Readonly<Record<string, string>> = {},
): Result<Imported> {
  return scenarioOfConfigurations([
    name === undefined ? { text } : { text, name },
  ], given);
}

/**
 * Reads several configurations of one run, such as TrainingArguments, a
 * DeepSpeed JSON and an accelerate YAML. Where they state the same, the later
 * one wins.
 *
 * @param given What {@linkcode Imported.missing} asked for, by its names:
 *   variables of scripts, and fields by their paths.
 */
export function scenarioOfConfigurations(
  configurations: readonly Configuration[],
  given: Readonly<Record<string, string>> = {},
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
  const { variables, draft: stated } = givenValues(given);
  const documents: NamedDocument[] = [];
  const problems: Problem[] = [];
  for (const { text, name } of configurations.flatMap(partsOf)) {
    const read = readOne(text, name ?? "", variables);
    if (!read.ok) {
      problems.push(...read.problems.map((each) => named(each, name)));
    } else {
      documents.push(
        ...read.value.map((each) =>
          name === undefined || each.name !== undefined
            ? each
            : { ...each, name }
        ),
      );
    }
  }
  if (problems.length > 0) return refused(problems);
  const drafts: Draft[] = [];
  const formats: Imported["formats"] = [];
  for (const each of overFiles(documents)) {
    const { format, document, name } = each;
    const draft = new Draft();
    applyFormat(format, document, draft);
    wantFile(each, draft);
    tellShipped(each, draft);
    problems.push(...draft.problems.map((problem) => named(problem, name)));
    drafts.push(draft);
    formats.push({
      id: format.id,
      title: format.title,
      ...(name === undefined ? {} : { name }),
    });
  }
  if (problems.length > 0) return refused(problems);
  const settled = settle(stated ? [...drafts, stated] : drafts);
  return settled.ok
    ? { ok: true, value: { formats, ...settled.value } }
    : settled;
}

/** What a text is taken for; a command may start several programs. */
function readOne(
  text: string,
  name: string,
  variables: ReadonlyMap<string, string>,
): Result<NamedDocument[]> {
  const source = new ServingSource(text, name);
  for (const format of FORMATS) {
    const document = format.parse?.(source);
    if (document) return { ok: true, value: [{ format, document }] };
  }
  const checked = checkText(text);
  if (!checked.ok) return checked;
  if (looksLikePython(text)) {
    const read = readCalls(readPython(text), FORMATS);
    if (read.length > 0) return { ok: true, value: read };
  }
  return looksLikeShell(text)
    ? readScripted(text, variables)
    : readSettings(text, name);
}

/** A script: the program that it starts, and the files that it writes. */
function readScripted(
  text: string,
  variables: ReadonlyMap<string, string>,
): Result<NamedDocument[]> {
  const script = readScript(text, variables);
  const files = script.files.flatMap((file): NamedDocument[] => {
    const read = /[:=]/.test(file.text) && !looksLikeShell(file.text)
      ? readOne(file.text, file.name ?? "", variables)
      : null;
    if (!read?.ok) return [];
    return read.value.map((each) =>
      file.name === null ? each : { ...each, name: file.name }
    );
  });
  const read = readCommands(script, FORMATS);
  if (read.length === 0) {
    const { flags, notes } = flagsGathered(script);
    const own = byFlags(flags, FORMATS);
    if (own) {
      own.document.notes.push(...notes);
      read.push(own);
    }
  }
  return read.length === 0 && files.length === 0
    ? refused([notOurs(Object.keys(flagsOf(flagsGathered(script).flags)))])
    : { ok: true, value: [...files, ...read] };
}

function readSettings(text: string, name: string): Result<NamedDocument[]> {
  const document = readDocument(text);
  if (!document.ok) return document;
  const { kind, values } = document.value;
  const format = FORMATS.find((each) =>
    each.kind === kind && each.recognises(values, name)
  );
  if (!format) return refused([notOurs(Object.keys(values))]);
  const base = format.inherits?.(values) ?? null;
  return {
    ok: true,
    value: [{
      format,
      document: base === null
        ? document.value
        : { ...document.value, values: dotted(values), file: base },
    }],
  };
}

/** Settings by their whole keys, so that each wins over another file's alone. */
function dotted(
  values: Record<string, unknown>,
  prefix = "",
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      isObject(value) && Object.keys(value).length > 0
        ? Object.entries(dotted(value, `${prefix}${name}.`))
        : [[`${prefix}${name}`, value]]
    ),
  );
}

function notOurs(keys: readonly string[]): Problem {
  const some = keys.slice(0, 5)
    .map((key) => JSON.stringify(key.slice(0, 40))).join(", ");
  return {
    path: "configuration",
    message: `configuration must be of ${
      FORMATS.map(({ title }) => title).join(", ")
    }: current value has ${some === "" ? "no settings" : `the keys ${some}`}`,
  };
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
