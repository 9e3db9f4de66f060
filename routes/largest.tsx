import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import { wholeName } from "../hub/estimate_live.ts";
import type { Hub } from "../hub/mod.ts";
import type { Largest, Model, Result, Scenario } from "../lib/mod.ts";
import {
  adviceInTurns,
  ASKED,
  fromQuery,
  howFar,
  largestInTurns,
  parseScenario,
  toQuery,
} from "../lib/mod.ts";
import { togetherWords } from "../templates/advice_words.ts";
import type { HowFar } from "../templates/answer/largest.tsx";
import { LargestAnswer } from "../templates/answer/largest.tsx";
import { changedQuery } from "../templates/changed_query.ts";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import { pageAddress, readPageQuery } from "./page_query.ts";
import { breathe } from "./breathe.ts";
import { ofScenarios } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { isLive } from "./refuse.tsx";

/**
 * How far a scenario can go, batch, length and the like, until it does not fit: for the
 * page, which asks once somebody wants to know, and as a page of its own.
 */
export function largestRoute(hub: Hub | null): Hono {
  return new Hono().get("/largest", async (c) => {
    const asked = readPageQuery(pageParameters(c.req.url));
    const { headers } = asked;
    const answer: Result<HowFar> = asked.problems.length > 0
      ? { ok: false, problems: asked.problems }
      : await largestOfAll(
        headers
          ? { ...asked.input, model: wholeName(asked.input["model"]) }
          : asked.input,
        hub,
        headers,
      );
    if (answer.ok) ofScenarios(c, [answer.value.scenario.model], headers);
    c.header("Vary", "HX-Request");
    const view = answer.ok
      ? <LargestAnswer {...answer.value} headers={headers} />
      : <Problems problems={answer.problems} form={false} />;
    const status = answer.ok ? 200 : 422;
    if (isLive(c)) return c.html(view, status);
    return c.html(
      <Layout title="How far it can go · Headroom">
        <main class="single" id="answer">
          <h1>How far it can go</h1>
          {answer.ok && (
            <p>
              <a href={pageAddress(toQuery(answer.value.scenario), headers)}>
                Back to the scenario
              </a>
            </p>
          )}
          {answer.ok
            ? <section class="card" aria-label="The largest">{view}</section>
            : view}
        </main>
      </Layout>,
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
