import type { Document as YamlDocument } from "yaml";
import { isScalar, parseAllDocuments, visit } from "yaml";
import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import { MAX_ALIASES, MAX_DEPTH, MAX_VALUES } from "./limits.ts";

/**
 * Every document of a YAML text, of which there is one at least. Version 1.1, since
 * the tools read their files with PyYAML or OmegaConf.
 *
 * @param wrongJson What is wrong with it as JSON, where it looks like that.
 */
export function readYamlDocuments(
  text: string,
  wrongJson = "",
): Result<unknown[]> {
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
  const filled = documents.filter((each) =>
    each.contents !== null || each.errors.length > 0
  );
  if (filled.length === 0) {
    return refused("must not be empty: it holds comments alone");
  }
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error) {
    return refused(
      wrongJson === ""
        ? `must be YAML: ${reasonOf(error)} ${placeOf(text, error.pos[0])}`
        : `must be ${wrongJson}`,
    );
  }
  for (const document of filled) {
    const twice = keyTwice(document);
    if (twice) {
      return refused(
        `must be YAML: the key ${shown(twice.key)} stands twice ${
          placeOf(text, twice.at)
        }`,
      );
    }
  }
  return {
    ok: true,
    value: filled.map((each) => each.toJS({ maxAliasCount: MAX_ALIASES })),
  };
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
export function tooMuch(root: unknown): string | null {
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

/** Why something could not be parsed, in a line. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, " ").trim().slice(0, 200);
}

/** A refusal of a whole text. */
export function refused(limit: string): Result<never> {
  return {
    ok: false,
    problems: [{ path: "configuration", message: `configuration ${limit}` }],
  };
}
