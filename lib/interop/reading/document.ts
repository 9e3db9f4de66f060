import type { Document as YamlDocument } from "yaml";
import { isScalar, parseAllDocuments, visit } from "yaml";
import { isObject } from "../../scenario/fields.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import {
  MAX_ALIASES,
  MAX_CONFIGURATION_LENGTH,
  MAX_DEPTH,
  MAX_LINES,
  MAX_VALUES,
} from "./limits.ts";
import { looksLikeShell } from "./shell/looks_like_shell.ts";
import { readShell } from "./shell/read_shell.ts";

/** A configuration's text as settings. */
export interface Document {
  kind: "mapping" | "shell";
  /** Keys and values; of a command line its flags, without their dashes. */
  values: Record<string, unknown>;
  /** Comments of YAML, which tell how some files are started. */
  comments: string;
  /** Remarks on what was left out while reading. */
  notes: string[];
}

/** Reads JSON, YAML or a shell script's command line. */
export function readDocument(text: string): Result<Document> {
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
  if (text.trim() === "") return refused("must not be empty");
  if (looksLikeShell(text)) {
    const { flags, notes } = readShell(text);
    return ok({ kind: "shell", values: flags, comments: "", notes });
  }
  const read = readValues(text);
  if (!read.ok) return read;
  const wrong = tooMuch(read.value);
  if (wrong) return refused(wrong);
  if (!isObject(read.value)) {
    return refused(
      `must be settings with names: current value is ${shown(read.value)}`,
    );
  }
  const comments = lines
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

/** Version 1.1, since the tools read their files with PyYAML or OmegaConf. */
function readYaml(text: string, wrongJson: string): Result<unknown> {
  if (bracketDepth(text) > MAX_DEPTH || /(?:- ){17}|(?:\? ){17}/.test(text)) {
    return refused(`must nest at most ${MAX_DEPTH} levels deep`);
  }
  const documents = parseAllDocuments(text, {
    version: "1.1",
    // These take time that grows with the square of a text; see below.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  if (!Array.isArray(documents)) return refused("must not be empty");
  const [document, ...more] = documents.filter((each) =>
    each.contents !== null || each.errors.length > 0
  );
  if (!document) return refused("must not be empty: it holds comments alone");
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error) {
    return refused(
      wrongJson === ""
        ? `must be YAML: ${reasonOf(error)} ${placeOf(text, error.pos[0])}`
        : `must be ${wrongJson}`,
    );
  }
  const twice = keyTwice(document);
  if (twice) {
    return refused(
      `must be YAML: the key ${shown(twice.key)} stands twice ${
        placeOf(text, twice.at)
      }`,
    );
  }
  if (more.length > 0) {
    return refused(
      `must be one YAML document: current value holds ${
        more.length + 1
      }; give each alone`,
    );
  }
  return ok(document.toJS({ maxAliasCount: MAX_ALIASES }));
}

/** A key that one mapping has twice, of which PyYAML would drop the first. */
function keyTwice(
  document: YamlDocument.Parsed,
): { key: string; at: number } | null {
  let found: { key: string; at: number } | null = null;
  visit(document, {
    Map(_, map) {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        // Merge keys may be several.
        if (!isScalar(key) || key.value === "<<") continue;
        const name = String(key.value);
        if (keys.has(name)) {
          found = { key: name, at: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        keys.add(name);
      }
    },
  });
  return found;
}

/** Where a character stands, for a message. */
function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split("\n");
  return `at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** How deep brackets outside of quotes and comments open at most. */
function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text.replaceAll(/"[^"\n]*"|'[^'\n]*'|#.*$/gm, "")) {
    if (character === "[" || character === "{") {
      deepest = Math.max(deepest, ++depth);
    } else if (character === "]" || character === "}") depth--;
  }
  return deepest;
}

/** Why a parsed value is not looked at: it is too deep or too large. */
function tooMuch(root: unknown): string | null {
  let values = 0;
  const rest: [value: unknown, depth: number][] = [[root, 0]];
  for (let next = rest.pop(); next; next = rest.pop()) {
    const [value, depth] = next;
    if (++values > MAX_VALUES) return `must hold at most ${MAX_VALUES} values`;
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH) {
      return `must nest at most ${MAX_DEPTH} levels deep`;
    }
    for (const inner of Object.values(value)) rest.push([inner, depth + 1]);
  }
  return null;
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, " ").trim().slice(0, 200);
}

function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

function refused(limit: string): Result<never> {
  return {
    ok: false,
    problems: [{ path: "configuration", message: `configuration ${limit}` }],
  };
}
