import type { LiveAnswer, LiveOptions } from "../hub/estimate_live.ts";
import { estimateLive } from "../hub/estimate_live.ts";
import type { LookUps } from "../hub/look_up.ts";
import type { Problem, TabId } from "../lib/mod.ts";
import { fromQuery } from "../lib/mod.ts";
import type { Belongs } from "../templates/form/comparison.ts";
import {
  belongsText,
  readable,
  readBelongs,
} from "../templates/form/comparison.ts";
import { TABS } from "../templates/form/tabs.ts";
import { COUNT_FROM, PAGE_FIELDS } from "../templates/form/page_fields.ts";
import { parsePythonJson } from "../lib/scenario/python_json.ts";

/** What the address of the page or of one of its answers asks for. */
export interface PageQuery {
  /** The Scenario's fields and what is wrong among them, as they were typed. */
  typed: URLSearchParams;
  /** The Scenario's input, still unchecked. */
  input: Record<string, unknown>;
  /** Whether to count from the checkpoint's headers in any case. */
  headers: boolean;
  /** Whether the model's name is to be looked up as it stands. */
  lookUp: boolean;
  /** The comparison that the scenario belongs to; null where to none. */
  belongs: Belongs | null;
  /** The tab whose more settings are asked for. */
  more: TabId | null;
  /** What is wrong with the page's own parameters. */
  problems: Problem[];
}

/** Parts a query into the Scenario's fields and the page's own parameters. */
export function readPageQuery(query: URLSearchParams): PageQuery {
  const typed = new URLSearchParams(query);
  for (const name of Object.values(PAGE_FIELDS)) typed.delete(name);
  const countFrom = query.getAll(PAGE_FIELDS.countFrom).at(-1)?.trim() ||
    COUNT_FROM[0];
  const isKnown = COUNT_FROM.some((each) => each === countFrom);
  const model = typed.getAll("model").at(-1)?.trim();
  return {
    typed,
    input: fromQuery(typed),
    headers: countFrom === "headers",
    lookUp: query.getAll(PAGE_FIELDS.lookUp).at(-1)?.trim() === model,
    belongs: readBelongs(query.getAll(PAGE_FIELDS.compare).at(-1) ?? null),
    more: TABS.find(({ id }) => query.getAll(PAGE_FIELDS.more).at(-1) === id)
      ?.id ?? null,
    problems: isKnown ? [] : [{
      path: PAGE_FIELDS.countFrom,
      message: `${PAGE_FIELDS.countFrom} must be one of ${
        COUNT_FROM.join(", ")
      }: current value is ${JSON.stringify(countFrom.slice(0, 100))}`,
    }],
  };
}

/** The page's address of a scenario's query, which it adds its own choice to. */
export function pageAddress(
  query: string,
  headers: boolean,
  belongs: Belongs | null = null,
  more: TabId | null = null,
): string {
  const own = headers ? [`${PAGE_FIELDS.countFrom}=headers`] : [];
  if (belongs) {
    own.push(`${PAGE_FIELDS.compare}=${readable(belongsText(belongs))}`);
  }
  if (more) own.push(`${PAGE_FIELDS.more}=${more}`);
  return `/?${[query, ...own].filter((part) => part !== "").join("&")}`;
}

/** Answers what the page's address asks for. */
export async function answerTo(
  { input, headers, problems }: PageQuery,
  lookUps: LookUps | null,
  options: Omit<LiveOptions, "headers">,
): Promise<LiveAnswer> {
  if (problems.length > 0) return { state: "refused", problems };
  const answer = await estimateLive(input, lookUps, { ...options, headers });
  return answer.state === "refused"
    ? {
      ...answer,
      problems: answer.problems.map((each) => reworded(each, input)),
    }
    : answer;
}

/** Why a pasted text is no JSON, where that is what is wrong. */
function reworded(problem: Problem, { model }: PageQuery["input"]): Problem {
  if (problem.path !== "model.config") return problem;
  const { config } = (model ?? {}) as { config?: unknown };
  if (typeof config !== "string") return problem;
  try {
    parsePythonJson(config);
    return problem;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...problem,
      message: `model.config must be a JSON object: ${plain(reason)}`,
    };
  }
}

/** A parser's reason, which quotes the text, without what no page may hold. */
function plain(reason: string): string {
  return reason.replaceAll(/[\p{Cc}\p{Cs}]+/gu, " ").slice(0, 200);
}
