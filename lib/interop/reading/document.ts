import { isObject } from "../../scenario/fields.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import type { CallersFlags } from "./shell/unset.ts";
import type { LogFigure } from "./imported.ts";
import { MAX_CONFIGURATION_LENGTH, MAX_LINES } from "./limits.ts";
import {
  readYamlDocuments,
  reasonOf,
  refused,
  tooMuch,
} from "./yaml_documents.ts";

/** A configuration's text as settings. */
export interface Document {
  /** A format of its own is read by the format itself. */
  kind: "mapping" | "shell" | "own";
  /** Keys and values; of a command line its flags, without their dashes. */
  values: Record<string, unknown>;
  /** Comments of YAML, which tell how some files are started. */
  comments: string;
  /** Remarks on what was left out while reading. */
  notes: string[];
  /** The file that a command names, over which its settings win. */
  file?: string;
  /** Flags that variables of the caller decide. */
  undecided?: readonly CallersFlags[];
  /** What a log says was taken. */
  figures?: readonly LogFigure[];
}

/** Whether a text is one, and short enough for what somebody wrote. */
export function checkText(text: string): Result<string> {
  if (text.length > MAX_CONFIGURATION_LENGTH) {
    return refused(
      `must have at most ${MAX_CONFIGURATION_LENGTH} characters: current value has ${text.length}`,
    );
  }
  const lines = text.split("\n");
  if (lines.length > MAX_LINES) {
    return refused(
      `must have at most ${MAX_LINES} lines: current value has ${lines.length}`,
    );
  }
  if (/[\0\uFFFD]/.test(text)) {
    return refused("must be text: it holds bytes of a binary file");
  }
  return text.trim() === "" ? refused("must not be empty") : ok(text);
}

/** Reads settings in JSON or YAML, of a text that {@linkcode checkText} takes. */
export function readDocument(text: string): Result<Document> {
  const read = readValues(text);
  if (!read.ok) return read;
  const wrong = tooMuch(read.value);
  if (wrong) return refused(wrong);
  if (!isObject(read.value)) {
    return refused(
      `must be settings with names: current value is ${shown(read.value)}`,
    );
  }
  const comments = text.split("\n")
    .flatMap((line) => line.match(/(?:^|\s)#(.*)$/)?.[1] ?? []).join("\n");
  return ok({ kind: "mapping", values: read.value, comments, notes: [] });
}

function readValues(text: string): Result<unknown> {
  let wrong = "";
  if (/^\s*[{[]/.test(text)) {
    try {
      return ok(JSON.parse(text));
    } catch (error) {
      wrong = `JSON (${reasonOf(error)})`;
    }
  }
  try {
    return readYaml(text, wrong);
  } catch (error) {
    // The yaml package asks the environment whether to log what it parses.
    if (error instanceof Error && error.name === "NotCapable") {
      return refused(
        "must be JSON: to read YAML, start with --allow-env=LOG_TOKENS,LOG_STREAM",
      );
    }
    return refused(`must be YAML or JSON: ${reasonOf(error)}`);
  }
}

/** One document of YAML, for settings. */
function readYaml(text: string, wrongJson: string): Result<unknown> {
  const read = readYamlDocuments(text, wrongJson);
  if (!read.ok) return read;
  const [document, ...more] = read.value;
  return more.length > 0
    ? refused(
      `must be one YAML document: current value holds ${
        more.length + 1
      }; give each alone`,
    )
    : ok(document);
}

function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}
