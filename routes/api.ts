import type { Context } from "hono";
import { Hono } from "hono";
import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type { Bandwidths, Estimate, Result } from "../lib/mod.ts";
import { fromQuery, nearestRuns, refusalOf, trafficTime } from "../lib/mod.ts";
import {
  BANDWIDTH_FIELDS,
  readBandwidths,
} from "../templates/traffic/bandwidth_fields.ts";
import { readJson } from "./api_body.ts";
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
      const query = new URL(c.req.url).searchParams;
      const wanted = readMore(query);
      if (!wanted.ok) return reply(c, wanted, show);
      const { bandwidths, ...more } = wanted.value;
      const result = await estimateOnHub(input.value, hub, {
        curve: query.get("curve") === "true",
        opinions: query.get("opinions") === "true",
        ...more,
      });
      return reply(c, timed(result, bandwidths), show);
    });
    api.get(path, async (c) => {
      const query = new URL(c.req.url).searchParams;
      const wanted = readMore(query);
      if (!wanted.ok) return reply(c, wanted, show);
      const { bandwidths, ...more } = wanted.value;
      const result = await estimateOnHub(fromQuery(query), hub, more);
      if (result.ok) ofScenarios(c, [result.value.scenario.model]);
      return reply(c, timed(result, bandwidths), show);
    });
  }
  return api;
}

/** What else is asked for, and over which links; taken off the query. */
function readMore(
  query: URLSearchParams,
): Result<{ traffic: boolean; capacity: boolean; bandwidths: Bandwidths }> {
  const traffic = query.get("traffic") === "true";
  const capacity = query.get("capacity") === "true";
  const { bandwidths, problems } = readBandwidths((name) =>
    query.get(name) ?? undefined
  );
  if (problems.length > 0) return { ok: false, problems };
  for (const name of OWN) query.delete(name);
  return { ok: true, value: { traffic, capacity, bandwidths } };
}

/** Parameters of the address that are no fields of a Scenario. */
const OWN = [
  "traffic",
  "capacity",
  ...BANDWIDTH_FIELDS.map(({ name }) => name),
];

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
