import type { Estimate, Problem, Result, Wanted } from "../lib/mod.ts";
import { findModel } from "../lib/mod.ts";
import { shown } from "../lib/scenario/problem.ts";
import { estimateOnHub } from "./estimate.ts";
import type { LookUp, LookUps } from "./look_up.ts";
import type { Hub } from "./mod.ts";

/** An answer that a page can show at once. */
export type LiveAnswer =
  | { state: "answered"; estimate: Estimate }
  | {
    state: "refused";
    problems: readonly Problem[];
    /** The name that the Hub was asked for, where that is what went wrong. */
    failed?: string;
    /** Whether that is for being gated. */
    gated?: boolean;
  }
  /** A model that may be on the Hub, which has not been asked for it. */
  | { state: "possible"; name: string }
  | { state: "under way"; lookUp: LookUp };

/** How far to go for an answer. */
export interface LiveOptions {
  /** Whether to count from the checkpoint's headers in any case. */
  headers: boolean;
  /** Whether a model that is not known is looked up, now or once more. */
  lookUp: "never" | "once" | "anew";
  /** Milliseconds to wait for a look-up before telling how far it is. */
  waitMs: number;
  /** What is shown beside the memory; all of it unless told otherwise. */
  wanted?: Wanted;
}

/** All that a page may show beside the memory. */
const ALL: Wanted = {
  curve: true,
  opinions: true,
  traffic: true,
  capacity: true,
};

/**
 * Estimates a Scenario for somebody who watches: a look-up that takes longer
 * than a moment goes on, and how far it is is the answer.
 *
 * @param input A Scenario, still unchecked.
 * @param lookUps Null where nothing may be asked.
 */
export async function estimateLive(
  input: Record<string, unknown>,
  lookUps: LookUps | null,
  { headers, lookUp, waitMs, wanted = ALL }: LiveOptions,
): Promise<LiveAnswer> {
  const refusal = headers ? refusalOfHeaders(input["model"], lookUps) : null;
  if (refusal) return { state: "refused", problems: [refusal] };
  if (!lookUps) {
    return settled(await estimateOnHub(input, null, wanted));
  }

  let found: LookUp | null = null;
  let missing: string | null = null;
  const watched: Hub = {
    known: () => undefined,
    async model(name, { gguf } = {}) {
      const asked = { headers, gguf };
      found = await lookUps.ask(name, { ...asked, lookUp, waitMs });
      if (!found) missing = name;
      return found?.result ?? { ok: false, problems: [] };
    },
  };
  const named = headers
    ? { ...input, model: wholeName(input["model"]) }
    : input;
  const result = await estimateOnHub(named, watched, { headers, ...wanted });
  // TypeScript does not see what the closure has set.
  const seen = found as LookUp | null;
  if (seen && !seen.result) return { state: "under way", lookUp: seen };
  if (missing !== null) return possible(missing, settled(result));
  const answer = settled(result);
  return answer.state === "refused" && seen?.result?.ok === false
    ? { ...answer, failed: seen.name, gated: seen.gated ?? false }
    : answer;
}

/** A model to look up, unless something else has to be mended first. */
function possible(name: string, answer: LiveAnswer): LiveAnswer {
  const problems = answer.state === "refused" ? answer.problems : [];
  return problems.some(({ path }) => path !== "model")
    ? {
      state: "refused",
      problems: problems.map((each) =>
        each.path === "model" ? notYet(name) : each
      ),
    }
    : { state: "possible", name };
}

function notYet(name: string): Problem {
  return {
    path: "model",
    message:
      `model must be in the catalogue, or looked up on the Hub once the rest is mended: current value is ${
        shown(name)
      }`,
  };
}

function settled(result: Result<Estimate>): LiveAnswer {
  return result.ok
    ? { state: "answered", estimate: result.value }
    : { state: "refused", problems: result.problems };
}

/** Why there are no headers to count from, where there are none. */
function refusalOfHeaders(
  model: unknown,
  lookUps: LookUps | null,
): Problem | null {
  const refuse = (reason: string): Problem => ({
    path: "count_from",
    message: `count_from must be config ${reason}: current value is "headers"`,
  });
  if (typeof model !== "string" || model.trimStart().startsWith("{")) {
    return refuse("where the model has no name on the Hub");
  }
  return lookUps ? null : refuse("where the Hub may not be asked");
}

/** The Hub's name of a model that the catalogue knows by a shorter one. */
export function wholeName(model: unknown): unknown {
  return typeof model === "string" ? findModel(model)?.id ?? model : model;
}
