import type { Context } from "hono";
import { Hono } from "hono";
import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type { Estimate, Result } from "../lib/mod.ts";
import { fromQuery, refusalOf } from "../lib/mod.ts";

/** The same estimate for programs: a Scenario in, an Estimate or problems out. */
export function apiRoute(hub: Hub | null): Hono {
  const api = new Hono();
  api.post("/api/v1/estimate", async (c) => {
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
    return reply(c, await estimateOnHub(input, hub));
  });
  api.get("/api/v1/estimate", async (c) => {
    const input = fromQuery(new URL(c.req.url).searchParams);
    return reply(c, await estimateOnHub(input, hub));
  });
  return api;
}

function reply(c: Context, result: Result<Estimate>): Response {
  return result.ok
    ? c.json(result.value)
    : c.json(refusalOf(result.problems), 422);
}
