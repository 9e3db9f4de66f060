import { Hono } from "hono";
import { estimateKnown } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import { fromQuery, toQuery } from "../lib/mod.ts";
import { Answer } from "../templates/answer/answer.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { typedQuery } from "../templates/form/form_state.ts";

/**
 * The answer alone, for a page that asks as its form changes. A name that is
 * being typed is not looked up on the Hub; a link to do so is offered.
 */
export function answerRoute(hub: Hub | null): Hono {
  return new Hono().get("/answer", (c) => {
    const query = new URL(c.req.url).searchParams;
    const result = estimateKnown(fromQuery(query), hub, { curve: true });
    // The address follows the form, so that it can be shared and reloaded.
    if (!result.ok) {
      const here = `/?${typedQuery(query)}`;
      c.header("HX-Replace-Url", here);
      const lookUp = result.lookUp === undefined
        ? {}
        : { lookUp: { name: result.lookUp, href: here } };
      return c.html(<Problems problems={result.problems} {...lookUp} />, 422);
    }
    c.header("HX-Replace-Url", `/?${toQuery(result.value.scenario)}`);
    return c.html(<Answer estimate={result.value} />);
  });
}
