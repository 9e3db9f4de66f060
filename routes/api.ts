import type { Context } from "hono";
import { Hono } from "hono";
import type { Estimate, Result } from "../lib/mod.ts";
import { fromQuery, refusalOf, tryEstimate } from "../lib/mod.ts";

/** The same estimate for programs: a Scenario in, an Estimate or problems out. */
export const api: Hono = new Hono();

api.post("/api/v1/estimate", async (c) => {
  const text = await c.req.text();
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return c.json(
      refusalOf([{ path: "", message: "The body must be a scenario in JSON" }]),
      422,
    );
  }
  return reply(c, tryEstimate(input));
});

api.get(
  "/api/v1/estimate",
  (c) => reply(c, tryEstimate(fromQuery(new URL(c.req.url).searchParams))),
);

function reply(c: Context, result: Result<Estimate>): Response {
  return result.ok
    ? c.json(result.value)
    : c.json(refusalOf(result.problems), 422);
}
