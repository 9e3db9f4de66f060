import type { Context } from "hono";
import { Hono } from "hono";
import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type { Estimate, Result } from "../lib/mod.ts";
import { fromQuery, nearestRuns, refusalOf } from "../lib/mod.ts";

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
      const text = await c.req.text();
      let input: unknown;
      try {
        input = JSON.parse(text);
      } catch {
        return c.json(
          refusalOf([{
            path: "",
            message: "The body must be a scenario in JSON",
          }]),
          422,
        );
      }
      const wanted = {
        curve: c.req.query("curve") === "true",
        opinions: c.req.query("opinions") === "true",
      };
      return reply(c, await estimateOnHub(input, hub, wanted), show);
    });
    api.get(path, async (c) => {
      const input = fromQuery(new URL(c.req.url).searchParams);
      return reply(c, await estimateOnHub(input, hub), show);
    });
  }
  return api;
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
