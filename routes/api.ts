import type { Context } from "hono";
import { Hono } from "hono";
import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type {
  Bandwidths,
  Estimate,
  FitAsked,
  Result,
  Wanted,
} from "../lib/mod.ts";
import {
  fromQuery,
  nearestRuns,
  readFit,
  refusalOf,
  trafficTime,
  withFit,
} from "../lib/mod.ts";
import {
  BANDWIDTH_FIELDS,
  readBandwidths,
} from "../templates/traffic/bandwidth_fields.ts";
import { readJson } from "./api_body.ts";
import { BATCH, LINES_TYPE, linesOf } from "./batch_lines.ts";
import { breathe } from "./breathe.ts";
import { ofScenarios } from "./caching.ts";

/** What each door gives of an estimate. */
const DOORS: Record<string, (estimate: Estimate) => object> = {
  estimate: (estimate) => estimate,
  evidence: (estimate) => ({ evidence: nearestRuns(estimate) }),
};

/**
 * The same for programs: a Scenario in; its Estimate, the measured runs nearest
 * to it, or problems out.
 */
export function apiRoute(hub: Hub | null): Hono {
  const api = new Hono();
  for (const [name, show] of Object.entries(DOORS)) {
    const path = `/api/v1/${name}`;
    api.post(path, async (c) => {
      const input = readJson(await c.req.text(), "a scenario");
      if (!input.ok) return reply(c, input, show);
      const wanted = readMore(new URL(c.req.url).searchParams);
      return reply(c, await estimated(input.value, wanted, hub), show);
    });
    api.get(path, async (c) => {
      const query = new URL(c.req.url).searchParams;
      const wanted = readMore(query);
      const result = await estimated(fromQuery(query), wanted, hub);
      if (result.ok) ofScenarios(c, [result.value.scenario.model]);
      return reply(c, result, show);
    });
  }
  // A server asks for each line by itself, and sends answers as they come.
  api.post(BATCH, async (c) => {
    const lines = linesOf(await c.req.text());
    const wanted = readMore(new URL(c.req.url).searchParams);
    if (!lines.ok) return c.json(refusalOf(lines.problems), 422);
    if (!wanted.ok) return c.json(refusalOf(wanted.problems), 422);
    const answers: string[] = [];
    for (const line of lines.value) {
      await breathe();
      const input = readJson(line, "a scenario");
      const result = input.ok
        ? await estimated(input.value, wanted, hub)
        : input;
      const answer = result.ok ? result.value : refusalOf(result.problems);
      answers.push(`${JSON.stringify(answer)}\n`);
    }
    return c.body(answers.join(""), 200, { "Content-Type": LINES_TYPE });
  });
  return api;
}

/** What an answer holds beside the estimate, or leaves out. */
interface More extends Wanted {
  bandwidths: Bandwidths;
  fit: FitAsked;
}

/** Names of the answers that are given where they are asked for by "true". */
const ASKED_FOR = ["traffic", "capacity", "curve", "opinions"] as const;

/** Parameters of the address that are no fields of a Scenario. */
const OWN = [
  ...ASKED_FOR,
  "fit",
  ...BANDWIDTH_FIELDS.map(({ name }) => name),
];

/** What else is asked for, and over which links; taken off the query. */
function readMore(query: URLSearchParams): Result<More> {
  const wanted: Wanted = Object.fromEntries(
    ASKED_FOR.map((name) => [name, query.get(name) === "true"]),
  );
  const { bandwidths, problems } = readBandwidths((name) =>
    query.get(name) ?? undefined
  );
  const fit = readFit(query.get("fit"));
  if (!fit.ok || problems.length > 0) {
    return {
      ok: false,
      problems: [...problems, ...fit.ok ? [] : fit.problems],
    };
  }
  for (const name of OWN) query.delete(name);
  return { ok: true, value: { ...wanted, bandwidths, fit: fit.value } };
}

async function estimated(
  input: unknown,
  asked: Result<More>,
  hub: Hub | null,
): Promise<Result<Estimate>> {
  if (!asked.ok) return asked;
  const { bandwidths, fit, ...wanted } = asked.value;
  const result = timed(await estimateOnHub(input, hub, wanted), bandwidths);
  return result.ok ? { ok: true, value: withFit(result.value, fit) } : result;
}

/** The estimate with the time that its traffic takes, where links are given. */
function timed(
  result: Result<Estimate>,
  bandwidths: Bandwidths,
): Result<Estimate> {
  const traffic = result.ok ? result.value.traffic : undefined;
  if (!result.ok || !traffic) return result;
  const time = trafficTime(traffic, bandwidths);
  if (time.at_least_seconds === null) return result;
  return {
    ok: true,
    value: { ...result.value, traffic: { ...traffic, time } },
  };
}

function reply(
  c: Context,
  result: Result<Estimate>,
  show: (estimate: Estimate) => object,
): Response {
  return result.ok
    ? c.json(show(result.value))
    : c.json(refusalOf(result.problems), 422);
}
