import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type { Advice, Result, Scenario } from "../lib/mod.ts";
import { adviceInTurns } from "../lib/mod.ts";
import { AdviceAnswer } from "../templates/answer/advice.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { breathe } from "./breathe.ts";
import { questionOf, QuestionPage } from "./question_page.tsx";
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
    const { answer, headers } = await questionOf(
      c,
      (input, headers) => advised(input, hub, headers),
    );
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
      <QuestionPage
        title="What would help"
        heading="What would make it fit"
        scenario={answer.ok ? answer.value.scenario : null}
        headers={headers}
      >
        {view}
      </QuestionPage>,
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
