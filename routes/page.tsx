import { Hono } from "hono";
import type { LiveAnswer } from "../hub/estimate_live.ts";
import type { LookUps } from "../hub/look_up.ts";
import { formatBytes, PRESETS } from "../lib/mod.ts";
import { STATUS } from "../templates/answer/live_answer.tsx";
import { THEME_PARAMETER, themeOf } from "../templates/asked.ts";
import { Page } from "../templates/page.tsx";
import { ofAnswers } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { answerTo, readPageQuery } from "./page_query.ts";
import { formOfAnswer, shownAnswer } from "./shown_answer.tsx";

/** How long the page waits for the Hub before it tells how far it is. */
const WAIT_MS = 2000;
/** How soon a browser without JavaScript asks again. */
const REFRESH_SECONDS = 2;

/** What the page is called before it has an answer. */
export const TITLE = "Headroom: will it fit?";

/**
 * The page: its address is the scenario, and a model that is not known is
 * looked up.
 */
export function pageRoute(lookUps: LookUps | null): Hono {
  return new Hono().get("/", async (c) => {
    const { searchParams } = new URL(c.req.url);
    const asked = readPageQuery(pageParameters(c.req.url));
    const first = Object.keys(asked.input).length === 0;
    const answer = await answerTo(
      first
        ? { ...asked, input: { ...PRESETS[0].scenario }, headers: false }
        : asked,
      lookUps,
      { lookUp: "anew", waitMs: WAIT_MS },
    );
    const { href, view } = shownAnswer(asked, answer);
    const isAnswered = answer.state === "answered";
    if (isAnswered && !first && !isAddress(searchParams, href)) {
      return c.redirect(themed(href, searchParams), 303);
    }
    ofAnswers(c, [answer], asked.headers);
    return c.html(
      <Page
        title={titleOf(answer)}
        state={formOfAnswer(asked, answer)}
        query={href.slice(2)}
        {...(answer.state === "under way"
          ? { refreshSeconds: REFRESH_SECONDS }
          : {})}
      >
        {view}
      </Page>,
      STATUS[answer.state],
    );
  });
}

/** Whether a query is the scenario's own address and nothing more. */
function isAddress(query: URLSearchParams, address: string): boolean {
  const own = new URLSearchParams(query);
  own.delete(THEME_PARAMETER);
  return own.toString() ===
    new URL(address, "http://localhost").searchParams.toString();
}

/** An address with the theme that a query asks for. */
function themed(address: string, query: URLSearchParams): string {
  const theme = themeOf(query);
  return theme === null ? address : `${address}&${THEME_PARAMETER}=${theme}`;
}

function titleOf(answer: LiveAnswer): string {
  if (answer.state !== "answered") return TITLE;
  const { model, memory } = answer.estimate;
  return `${model.name}: ${formatBytes(memory.device_peak_bytes)} · Headroom`;
}
