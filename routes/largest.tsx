import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import { wholeName } from "../hub/estimate_live.ts";
import type { Hub } from "../hub/mod.ts";
import type { Largest, Problem, Result, Scenario } from "../lib/mod.ts";
import { ASKED, largestInTurns, toQuery } from "../lib/mod.ts";
import { LargestAnswer } from "../templates/answer/largest.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import { pageAddress, readPageQuery } from "./page_query.ts";
import { breathe } from "./breathe.ts";
import { ofScenarios } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { isLive } from "./refuse.tsx";

/**
 * The largest batch and length with which a scenario fits: for the page, which
 * asks once somebody wants to know, and as a page of its own.
 */
export function largestRoute(hub: Hub | null): Hono {
  return new Hono().get("/largest", async (c) => {
    const asked = readPageQuery(pageParameters(c.req.url));
    const { headers } = asked;
    const answer = asked.problems.length > 0
      ? { ok: false as const, problems: asked.problems }
      : await largestBoth(
        headers
          ? { ...asked.input, model: wholeName(asked.input["model"]) }
          : asked.input,
        hub,
        headers,
      );
    if (answer.ok) ofScenarios(c, [answer.value.model], headers);
    c.header("Vary", "HX-Request");
    const view = answer.ok
      ? <LargestAnswer found={answer.value.found} />
      : <Problems problems={answer.problems} form={false} />;
    const status = answer.ok ? 200 : 422;
    if (isLive(c)) return c.html(view, status);
    return c.html(
      <Layout title="The largest that fits · Headroom">
        <main class="single" id="answer">
          <h1>The largest that fits</h1>
          {answer.ok && (
            <p>
              <a href={pageAddress(answer.value.query, headers)}>
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

async function largestBoth(
  input: unknown,
  hub: Hub | null,
  headers: boolean,
): Promise<
  {
    ok: true;
    value: { found: Largest[]; query: string; model: Scenario["model"] };
  } | {
    ok: false;
    problems: Problem[];
  }
> {
  const resolved = await resolveOnHub(input, hub, { headers });
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  const found: Largest[] = [];
  for (const field of Object.values(ASKED[scenario.task])) {
    const result: Result<Largest> = await largestInTurns(scenario, field, {
      model,
      breathe,
    });
    if (!result.ok) return result;
    found.push(result.value);
  }
  return {
    ok: true,
    value: { found, query: toQuery(scenario), model: scenario.model },
  };
}
