import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import { wholeName } from "../hub/estimate_live.ts";
import type { Hub } from "../hub/mod.ts";
import type { Result } from "../lib/mod.ts";
import { parseCount, PRESETS, strategiesInTurns } from "../lib/mod.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { Problems } from "../templates/answer/problems.tsx";
import type { ShownLayouts } from "../templates/strategies/strategies.tsx";
import {
  LayoutsPiece,
  StrategiesAnswer,
  StrategiesForm,
  STRATEGY_FIELDS,
} from "../templates/strategies/strategies.tsx";
import { gpuCountProblem } from "./asked.ts";
import { breathe } from "./breathe.ts";
import { ofScenarios } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { readPageQuery } from "./page_query.ts";
import { QuestionPage } from "./question_page.tsx";
import { isLive } from "./refuse.tsx";

/** GPUs that are asked about where the scenario has one. */
const USUAL_GPUS = 8;
/** What is played for one answer: more follows by itself. */
const WORK_OF_A_PIECE = 600_000;

/**
 * The ways to lay a scenario out over a number of GPUs: a page of its own, whose
 * table grows piece by piece where there are hundreds.
 */
export function strategiesRoute(hub: Hub | null): Hono {
  return new Hono().get("/strategies", async (c) => {
    const query = pageParameters(c.req.url);
    const { searchParams } = new URL(c.req.url);
    const own = Object.values(STRATEGY_FIELDS).map((name) => {
      const text = searchParams.getAll(name).at(-1)?.trim();
      query.delete(name);
      return text === undefined || text === ""
        ? undefined
        : parseCount(text) ?? text.slice(0, 80);
    });
    const asked = readPageQuery(query);
    const { headers } = asked;
    const input = Object.keys(asked.input).length === 0
      ? { ...PRESETS[0].scenario }
      : asked.input;
    const answer: Result<ShownLayouts> = asked.problems.length > 0
      ? { ok: false, problems: asked.problems }
      : await layoutsFor(
        headers ? { ...input, model: wholeName(input["model"]) } : input,
        { gpus: own[0], from: own[1], headers },
        hub,
      );
    c.header("Vary", "HX-Request");
    if (!answer.ok) {
      const view = <Problems problems={answer.problems} form={false} />;
      if (isLive(c)) return c.html(view, 422);
      return c.html(
        <QuestionPage
          title="Ways over several GPUs"
          heading="Ways over several GPUs"
          scenario={null}
          headers={headers}
        >
          {view}
        </QuestionPage>,
        422,
      );
    }
    const shown = answer.value;
    const { scenario } = shown;
    ofScenarios(c, [scenario.model], headers);
    if (isLive(c)) return c.html(<LayoutsPiece {...shown} />);
    return c.html(
      <QuestionPage
        title="Ways over several GPUs"
        heading={`Ways to ${scenario.task === "serve" ? "serve" : "train"} ${
          nameOf(scenario.model)
        } on several GPUs`}
        scenario={scenario}
        headers={headers}
      >
        <StrategiesForm {...shown} />
        {shown.from === 0
          ? <StrategiesAnswer {...shown} />
          : <LayoutsPiece {...shown} />}
      </QuestionPage>,
    );
  });
}

async function layoutsFor(
  input: unknown,
  { gpus: asked, from = 0, headers }: {
    gpus: unknown;
    from: unknown;
    headers: boolean;
  },
  hub: Hub | null,
): Promise<Result<ShownLayouts>> {
  const problem = asked === undefined ? null : gpuCountProblem(asked);
  if (problem) return { ok: false, problems: [problem] };
  if (typeof from !== "number" || !Number.isInteger(from) || from < 0) {
    return {
      ok: false,
      problems: [{
        path: STRATEGY_FIELDS.from,
        message: `from must be a whole number: current value is ${
          JSON.stringify(from)
        }`,
      }],
    };
  }
  const resolved = await resolveOnHub(input, hub, { headers });
  if (!resolved.ok) return resolved;
  const { scenario } = resolved.value;
  const model: ReturnType<typeof resolveModel> = resolved.value.model
    ? { ok: true, value: resolved.value.model }
    : resolveModel(scenario.model);
  if (!model.ok) return model;
  const { gpus: own } = scenario.parallel;
  const gpus = typeof asked === "number" ? asked : own > 1 ? own : USUAL_GPUS;
  const layouts = await strategiesInTurns(
    scenario,
    model.value,
    gpus,
    breathe,
    { from, mostWork: WORK_OF_A_PIECE },
  );
  return { ok: true, value: { scenario, gpus, layouts, from, headers } };
}

function nameOf(model: unknown): string {
  return typeof model === "string" ? model : "a model";
}
