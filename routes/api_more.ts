import type { Context } from "hono";
import { Hono } from "hono";
import type { Hub } from "../hub/mod.ts";
import type { Explanation, GpuLayouts, Largest, Result } from "../lib/mod.ts";
import {
  fromQuery,
  MAX_COMPARED,
  parseCount,
  readFit,
  refusalOf,
  withFit,
} from "../lib/mod.ts";
import { readSlots } from "../templates/form/comparison.ts";
import type { Compared } from "./asked.ts";
import { inside, readBody, readJson } from "./api_body.ts";
import {
  adviceOnHub,
  compareOnHub,
  explainOnHub,
  largestOnHub,
  strategiesOnHub,
} from "./asked.ts";
import { ofScenarios } from "./caching.ts";

/** What /api/v1/compare takes. */
const COMPARED =
  `an object {"scenarios": […]} with 1 to ${MAX_COMPARED} of them`;
/** What /api/v1/largest takes. */
const INVERSE = `an object {"scenario": {…}, "field": "train.micro_batch"}`;

/** What /api/v1/strategies takes. */
const LAID_OUT = `an object {"scenario": {…}, "gpus": 8}`;

/** What /api/v1/explain takes. */
const ERROR = `an object {"text": "…", "scenario": {…}}`;

/** The door for programs to comparisons, advice, errors, inverse questions and layouts. */
export function apiMoreRoute(hub: Hub | null): Hono {
  return new Hono()
    .post("/api/v1/compare", async (c) => {
      const body = readBody(await c.req.text(), ["scenarios"], COMPARED);
      const fit = readFit(new URL(c.req.url).searchParams.get("fit"));
      return reply(
        c,
        body.ok ? await compared(body.value["scenarios"], fit, hub) : body,
      );
    })
    .get("/api/v1/compare", async (c) => {
      const query = new URL(c.req.url).searchParams;
      const fit = readFit(query.get("fit"));
      query.delete("fit");
      const inputs = readSlots(query).map((slot) =>
        fromQuery(new URLSearchParams(slot.query))
      );
      const result = await compared(inputs, fit, hub);
      const models = inputs.map(({ model }) => model);
      if (result.ok && models.every((model) => typeof model === "string")) {
        ofScenarios(c, models);
      }
      return reply(c, result);
    })
    .post(
      "/api/v1/largest",
      async (c) => reply(c, await askedLargest(await c.req.text(), hub)),
    )
    .post(
      "/api/v1/explain",
      async (c) => reply(c, await askedExplain(await c.req.text(), hub)),
    )
    .post("/api/v1/advice", async (c) => {
      const body = readJson(await c.req.text(), "a scenario");
      return reply(c, body.ok ? await adviceOnHub(body.value, hub) : body);
    })
    .get("/api/v1/advice", async (c) => {
      const input = fromQuery(new URL(c.req.url).searchParams);
      const result = await adviceOnHub(input, hub);
      if (result.ok) ofInput(c, input);
      return reply(c, result);
    })
    .get("/api/v1/largest", async (c) => {
      const { input, own: [field] } = askedBy(c, "field");
      const result = await largestOnHub(input, field, hub);
      if (result.ok) ofInput(c, input);
      return reply(c, result);
    })
    .post(
      "/api/v1/strategies",
      async (c) => reply(c, await askedStrategies(await c.req.text(), hub)),
    )
    .get("/api/v1/strategies", async (c) => {
      const { input, own } = askedBy(c, "gpus", "from");
      const [gpus, from] = own.map((text) =>
        text === undefined ? text : parseCount(text) ?? text
      );
      const result = await strategiesOnHub(input, { gpus, from }, hub);
      if (result.ok) ofInput(c, input);
      return reply(c, result);
    });
}

/** A scenario as a query, and what stands beside its fields there. */
function askedBy(
  c: Context,
  ...names: string[]
): { input: Record<string, unknown>; own: (string | undefined)[] } {
  const query = new URL(c.req.url).searchParams;
  const own = names.map((name) => query.get(name) ?? undefined);
  for (const name of names) query.delete(name);
  return { input: fromQuery(query), own };
}

function ofInput(c: Context, { model }: Record<string, unknown>): void {
  if (typeof model === "string") ofScenarios(c, [model]);
}

async function compared(
  scenarios: unknown,
  fit: ReturnType<typeof readFit>,
  hub: Hub | null,
): Promise<Result<Compared>> {
  if (!fit.ok) return fit;
  const result = await compareOnHub(scenarios, hub);
  if (!result.ok) return result;
  const estimates = result.value.estimates.map((estimate) =>
    withFit(estimate, fit.value)
  );
  return { ok: true, value: { ...result.value, estimates } };
}

async function askedLargest(
  text: string,
  hub: Hub | null,
): Promise<Result<Largest>> {
  const body = readBody(text, ["scenario", "field"], INVERSE);
  if (!body.ok) return body;
  const { scenario, field } = body.value;
  return placed(await largestOnHub(scenario, field, hub), "field");
}

async function askedStrategies(
  text: string,
  hub: Hub | null,
): Promise<Result<GpuLayouts>> {
  const body = readBody(text, ["scenario", "gpus", "from"], LAID_OUT);
  if (!body.ok) return body;
  const { scenario, gpus, from } = body.value;
  return placed(
    await strategiesOnHub(scenario, { gpus, from }, hub),
    "gpus",
    "from",
  );
}

async function askedExplain(
  text: string,
  hub: Hub | null,
): Promise<Result<Explanation>> {
  const body = readBody(text, ["text", "scenario"], ERROR);
  if (!body.ok) return body;
  const { text: error, scenario } = body.value;
  return await explainOnHub(error, scenario, hub);
}

/** Problems of the scenario with their place in the body. */
function placed<T>(result: Result<T>, ...own: string[]): Result<T> {
  return result.ok ? result : {
    ok: false,
    problems: result.problems.flatMap((problem) =>
      own.includes(problem.path) ? [problem] : inside("scenario", [problem])
    ),
  };
}

function reply(c: Context, result: Result<object>): Response {
  return result.ok
    ? c.json(result.value)
    : c.json(refusalOf(result.problems), 422);
}
