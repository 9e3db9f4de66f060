import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type { Largest, Model, Result, Scenario } from "../lib/mod.ts";
import {
  adviceInTurns,
  ASKED,
  fromQuery,
  howFar,
  largestInTurns,
  parseScenario,
} from "../lib/mod.ts";
import { togetherWords } from "../templates/advice_words.ts";
import type { HowFar } from "../templates/answer/largest.tsx";
import { LargestAnswer } from "../templates/answer/largest.tsx";
import { changedQuery } from "../templates/changed_query.ts";
import { Problems } from "../templates/answer/problems.tsx";
import { questionOf, QuestionPage } from "./question_page.tsx";
import { breathe } from "./breathe.ts";
import { isLive } from "./refuse.tsx";

/**
 * How far a scenario can go, batch, length and the like, until it does not fit: for the
 * page, which asks once somebody wants to know, and as a page of its own.
 */
export function largestRoute(hub: Hub | null): Hono {
  return new Hono().get("/largest", async (c) => {
    const { answer, headers } = await questionOf(
      c,
      (input, headers) => largestOfAll(input, hub, headers),
    );
    const view = answer.ok
      ? <LargestAnswer {...answer.value} headers={headers} />
      : <Problems problems={answer.problems} form={false} />;
    const status = answer.ok ? 200 : 422;
    if (isLive(c)) return c.html(view, status);
    return c.html(
      <QuestionPage
        title="How far it can go"
        heading="How far it can go"
        scenario={answer.ok ? answer.value.scenario : null}
        headers={headers}
      >
        {answer.ok
          ? <section class="card" aria-label="The largest">{view}</section>
          : view}
      </QuestionPage>,
      status,
    );
  });
}

async function largestOfAll(
  input: unknown,
  hub: Hub | null,
  headers: boolean,
): Promise<Result<HowFar>> {
  const resolved = await resolveOnHub(input, hub, { headers });
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  const found = await eachOf(scenario, model);
  if (!found.ok) return found;
  const sizes: readonly string[] = Object.values(ASKED[scenario.task]);
  const isHopeless = found.value.every(({ field, value }) =>
    value === null || !sizes.includes(field)
  );
  return {
    ok: true,
    value: {
      found: found.value,
      scenario,
      changed: isHopeless ? await changedOf(scenario, model) : null,
    },
  };
}

async function eachOf(
  scenario: Scenario,
  model: Model | undefined,
): Promise<Result<Largest[]>> {
  const found: Largest[] = [];
  for (const field of howFar(scenario)) {
    const result: Result<Largest> = await largestInTurns(scenario, field, {
      model,
      thorough: false,
      breathe,
    });
    if (!result.ok) return result;
    found.push(result.value);
  }
  return { ok: true, value: found };
}

/** How far it can go with the cheapest changes that are enough; null without any. */
async function changedOf(
  scenario: Scenario,
  model: Model | undefined,
): Promise<HowFar["changed"]> {
  const advice = await adviceInTurns(scenario, { model, breathe });
  if (!advice.ok || advice.value.together === null) return null;
  const { set } = advice.value.together;
  const changed = parseScenario(
    fromQuery(new URLSearchParams(changedQuery(scenario, set))),
  );
  if (!changed.ok) return null;
  const found = await eachOf(changed.value, model);
  return found.ok
    ? {
      found: found.value,
      scenario: changed.value,
      words: togetherWords(advice.value, set),
    }
    : null;
}
