import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import { wholeName } from "../hub/estimate_live.ts";
import type { Hub } from "../hub/mod.ts";
import type { Largest, Problem, Result, Scenario } from "../lib/mod.ts";
import { howFar, largestInTurns, toQuery } from "../lib/mod.ts";
import { LargestAnswer } from "../templates/answer/largest.tsx";
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
    const answer = asked.problems.length > 0
      ? { ok: false as const, problems: asked.problems }
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
): Promise<
  {
    ok: true;
    value: { found: Largest[]; scenario: Scenario };
  } | {
    ok: false;
    problems: Problem[];
  }
> {
  const resolved = await resolveOnHub(input, hub, { headers });
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
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
  return {
    ok: true,
    value: { found, scenario },
  };
}
