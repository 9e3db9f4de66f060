import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import { wholeName } from "../hub/estimate_live.ts";
import type { Hub } from "../hub/mod.ts";
import type { Advice, Result, Scenario } from "../lib/mod.ts";
import { adviceInTurns, toQuery } from "../lib/mod.ts";
import { AdviceAnswer } from "../templates/answer/advice.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import { breathe } from "./breathe.ts";
import { ofScenarios } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { pageAddress, readPageQuery } from "./page_query.ts";
import { isLive } from "./refuse.tsx";

/** What is advised of a scenario. */
interface Advised {
  readonly advice: Advice;
  readonly scenario: Scenario;
}

/**
 * What would make a scenario fit: for the page, which asks after its answer, and as
 * a page of its own.
 */
export function adviceRoute(hub: Hub | null): Hono {
  return new Hono().get("/advice", async (c) => {
    const asked = readPageQuery(pageParameters(c.req.url));
    const { headers } = asked;
    const answer: Result<Advised> = asked.problems.length > 0
      ? { ok: false, problems: asked.problems }
      : await advised(
        headers
          ? { ...asked.input, model: wholeName(asked.input["model"]) }
          : asked.input,
        hub,
        headers,
      );
    if (answer.ok) ofScenarios(c, [answer.value.scenario.model], headers);
    c.header("Vary", "HX-Request");
    const view = answer.ok
      ? (
        <AdviceAnswer
          {...answer.value}
          headers={headers}
          alone={!isLive(c)}
        />
      )
      : <Problems problems={answer.problems} form={false} />;
    const status = answer.ok ? 200 : 422;
    if (isLive(c)) return c.html(view, status);
    return c.html(
      <Layout title="What would help · Headroom">
        <main class="single" id="answer">
          <h1>What would make it fit</h1>
          {answer.ok && (
            <p>
              <a href={pageAddress(toQuery(answer.value.scenario), headers)}>
                Back to the scenario
              </a>
            </p>
          )}
          {view}
        </main>
      </Layout>,
      status,
    );
  });
}

async function advised(
  input: unknown,
  hub: Hub | null,
  headers: boolean,
): Promise<Result<Advised>> {
  const resolved = await resolveOnHub(input, hub, { headers });
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  const advice = await adviceInTurns(scenario, { model, breathe });
  return advice.ok
    ? { ok: true, value: { advice: advice.value, scenario } }
    : advice;
}
