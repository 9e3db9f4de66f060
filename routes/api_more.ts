import type { Context } from "hono";
import { Hono } from "hono";
import { estimateOnHub, resolveOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type { Advice, Estimate, Largest, Result } from "../lib/mod.ts";
import {
  adviceInTurns,
  ASKED,
  differencesOf,
  fieldProblem,
  fromQuery,
  largestInTurns,
  MAX_COMPARED,
  refusalOf,
} from "../lib/mod.ts";
import { inside, readBody, readJson, refused } from "./api_body.ts";
import { ofScenarios } from "./caching.ts";
import { breathe } from "./breathe.ts";

/** What /api/v1/compare takes. */
const COMPARED =
  `an object {"scenarios": […]} with 1 to ${MAX_COMPARED} of them`;
/** What /api/v1/largest takes. */
const INVERSE = `an object {"scenario": {…}, "field": "train.micro_batch"}`;

/** The door for programs to comparisons, to advice and to inverse questions. */
export function apiMoreRoute(hub: Hub | null): Hono {
  return new Hono()
    .post(
      "/api/v1/compare",
      async (c) => reply(c, await compare(await c.req.text(), hub)),
    )
    .post(
      "/api/v1/largest",
      async (c) => reply(c, await askedLargest(await c.req.text(), hub)),
    )
    .post(
      "/api/v1/advice",
      async (c) => {
        const body = readJson(await c.req.text(), "a scenario");
        return reply(c, body.ok ? await advised(body.value, hub) : body);
      },
    )
    .get("/api/v1/advice", async (c) => {
      const input = fromQuery(new URL(c.req.url).searchParams);
      const result = await advised(input, hub);
      if (result.ok && typeof input["model"] === "string") {
        ofScenarios(c, [input["model"]]);
      }
      return reply(c, result);
    })
    .get("/api/v1/largest", async (c) => {
      const query = new URL(c.req.url).searchParams;
      const field = query.get("field") ?? undefined;
      query.delete("field");
      const input = fromQuery(query);
      const result = await largestOf(input, field, hub);
      if (result.ok && typeof input["model"] === "string") {
        ofScenarios(c, [input["model"]]);
      }
      return reply(c, result);
    });
}

async function compare(text: string, hub: Hub | null): Promise<Result<object>> {
  const body = readBody(text, ["scenarios"], COMPARED);
  if (!body.ok) return body;
  const { scenarios } = body.value;
  if (!Array.isArray(scenarios)) {
    return refused("scenarios", "scenarios is missing: it must be a list");
  }
  if (scenarios.length < 1 || scenarios.length > MAX_COMPARED) {
    return refused(
      "scenarios",
      `scenarios must have 1 to ${MAX_COMPARED} entries: current value has ${scenarios.length}`,
    );
  }
  const results = await Promise.all(
    scenarios.map((scenario) => estimateOnHub(scenario, hub)),
  );
  const problems = results.flatMap((result, at) =>
    result.ok ? [] : inside(`scenarios.${at}`, result.problems)
  );
  if (problems.length > 0) return { ok: false, problems };
  const estimates: Estimate[] = results.flatMap((result) =>
    result.ok ? [result.value] : []
  );
  const differences = differencesOf(
    estimates.map(({ scenario }) => scenario),
    estimates.map(({ model }) => model.name),
  );
  return {
    ok: true,
    value: {
      estimates,
      differences: differences.map(({ path, values }) => ({
        path,
        values: values.map((value) => value ?? null),
      })),
    },
  };
}

async function askedLargest(
  text: string,
  hub: Hub | null,
): Promise<Result<Largest>> {
  const body = readBody(text, ["scenario", "field"], INVERSE);
  if (!body.ok) return body;
  const { scenario, field } = body.value;
  const result = await largestOf(scenario, field, hub);
  return result.ok ? result : {
    ok: false,
    problems: result.problems.flatMap((problem) =>
      problem.path === "field" ? [problem] : inside("scenario", [problem])
    ),
  };
}

/** The largest value of a field, the batch where none is named. */
async function largestOf(
  input: unknown,
  field: unknown,
  hub: Hub | null,
): Promise<Result<Largest>> {
  const resolved = await resolveOnHub(input, hub);
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  const asked = field ?? ASKED[scenario.task].batch;
  const problem = fieldProblem(asked, scenario);
  if (problem) return { ok: false, problems: [problem] };
  return await largestInTurns(scenario, String(asked), { model, breathe });
}

async function advised(
  input: unknown,
  hub: Hub | null,
): Promise<Result<Advice>> {
  const resolved = await resolveOnHub(input, hub);
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  return await adviceInTurns(scenario, { model, breathe });
}

function reply(c: Context, result: Result<object>): Response {
  return result.ok
    ? c.json(result.value)
    : c.json(refusalOf(result.problems), 422);
}
