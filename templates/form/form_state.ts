import type { Problem, Scenario, TabId } from "../../lib/mod.ts";
import { BLANK_SCENARIO, leavesOf, toQuery } from "../../lib/mod.ts";
import type { Belongs } from "./comparison.ts";
import type { Trait } from "./trait.ts";

/** What stands in the form: text by path, and what is wrong with it. */
export interface FormState {
  /** The text of every control that is not blank. */
  texts: ReadonlyMap<string, string>;
  /** Whether the box is ticked that counts from the checkpoint's headers. */
  headers: boolean;
  /** The comparison that the scenario belongs to; null where to none. */
  belongs: Belongs | null;
  /** The tab whose more settings are asked for. */
  more: TabId | null;
  /** What the model has; null where it is not known. */
  traits: ReadonlySet<Trait> | null;
  /** The message of each field that was refused. */
  errors: ReadonlyMap<string, string>;
}

/**
 * Every field's default as the form shows it: blank where it hangs on another
 * field, which may be changed beside it.
 */
export const DEFAULT_TEXTS: ReadonlyMap<string, string> = new Map(
  leavesOf({ ...BLANK_SCENARIO, model: "" })
    .map(({ path, value }) => [path, textOf(value)]),
);

/** Control characters that no HTML may hold; only an attack types them. */
const NOT_IN_HTML = /(?![\t\n\r])\p{Cc}/gu;

/** The page's own choices, which are no part of a Scenario. */
export interface PageChoices {
  /** Whether to count from the checkpoint's headers in any case. */
  headers: boolean;
  /** The comparison that the scenario belongs to. */
  belongs: Belongs | null;
  /** The tab whose more settings are asked for. */
  more: TabId | null;
  /** What the model has, where an answer tells. */
  traits?: ReadonlySet<Trait>;
}

/** The form of a valid Scenario. */
export function formOfScenario(
  scenario: Scenario,
  choices: PageChoices,
): FormState {
  return formOfQuery(new URLSearchParams(toQuery(scenario)), [], choices);
}

/**
 * The form as somebody filled it in, right or wrong: what was typed stays, the
 * rest has its default.
 */
export function formOfQuery(
  query: URLSearchParams,
  problems: readonly Problem[],
  { headers, belongs, more, traits }: PageChoices,
): FormState {
  const texts = new Map(DEFAULT_TEXTS);
  for (const [path, text] of query) {
    if (text.trim() !== "") texts.set(path, text.replaceAll(NOT_IN_HTML, ""));
  }
  for (const [path, text] of texts) if (text === "") texts.delete(path);
  return {
    texts,
    headers,
    belongs,
    more,
    traits: traits ?? null,
    errors: new Map(
      problems.map(({ path, message }) => [controlPath(path), message]),
    ),
  };
}

/** The path of the control that holds a refused value: lists have one. */
function controlPath(path: string): string {
  return path.replace(/\.\d+$/, "");
}

function textOf(value: unknown): string {
  if (value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** What somebody typed, without blanks and defaults: the address of a mistake. */
export function typedQuery(query: URLSearchParams): string {
  const texts = new Map(query);
  return new URLSearchParams(
    [...texts].filter(([path, text]) =>
      text.trim() !== "" && text !== DEFAULT_TEXTS.get(path)
    ),
  ).toString();
}
