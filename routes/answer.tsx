import { Hono } from "hono";
import type { LookUps } from "../hub/look_ups.ts";
import { STATUS } from "../templates/answer/live_answer.tsx";
import { answerTo, readPageQuery } from "./page_query.ts";
import { shownAnswer } from "./shown_answer.tsx";

/** How long an answer waits for the Hub before it tells how far it is. */
const WAIT_MS = 250;

/**
 * The answer alone, for a page that asks as its form changes. A name is looked
 * up on the Hub only once the page says that it stands; until then a link to do
 * so is offered.
 */
export function answerRoute(lookUps: LookUps | null): Hono {
  return new Hono().get("/answer", async (c) => {
    const asked = readPageQuery(new URL(c.req.url).searchParams);
    const answer = await answerTo(asked, lookUps, {
      lookUp: asked.lookUp ? "once" : "never",
      waitMs: WAIT_MS,
    });
    // The address follows the form, so that it can be shared and reloaded.
    const { href, view } = shownAnswer(asked, answer);
    c.header("HX-Replace-Url", href);
    return c.html(view, STATUS[answer.state]);
  });
}
