import { Hono } from "hono";
import { fromQuery, toQuery, tryEstimate } from "../lib/mod.ts";
import { Answer } from "../templates/answer/answer.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { typedQuery } from "../templates/form/form_state.ts";

/** The answer alone, for a page that asks as its form changes. */
export const answer: Hono = new Hono();

answer.get("/answer", (c) => {
  const query = new URL(c.req.url).searchParams;
  const result = tryEstimate(fromQuery(query));
  // The address follows the form, so that it can be shared and reloaded.
  if (!result.ok) {
    c.header("HX-Replace-Url", `/?${typedQuery(query)}`);
    return c.html(<Problems problems={result.problems} />, 422);
  }
  c.header("HX-Replace-Url", `/?${toQuery(result.value.scenario)}`);
  return c.html(<Answer estimate={result.value} />);
});
