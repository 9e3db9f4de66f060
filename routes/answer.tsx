import { Hono } from "hono";
import type { LookUps } from "../hub/look_up.ts";
import { STATUS } from "../templates/answer/live_answer.tsx";
import { ofAnswers } from "./caching.ts";
import { answerTo, readPageQuery } from "./page_query.ts";
import { pageParameters } from "./page_parameters.ts";
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
    const asked = readPageQuery(pageParameters(c.req.url));
    const answer = await answerTo(asked, lookUps, {
      lookUp: asked.lookUp ? "once" : "never",
      waitMs: WAIT_MS,
    });
    // The address follows the form, so that it can be shared and reloaded.
    const { href, view } = shownAnswer(asked, answer);
    c.header("HX-Replace-Url", href);
    ofAnswers(c, [answer], asked.headers);
    return c.html(view, STATUS[answer.state]);
  });
}
