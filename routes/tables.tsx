import type { Context } from "hono";
import { Hono } from "hono";
import type { LiveAnswer, LiveOptions } from "../hub/estimate_live.ts";
import { estimateLive } from "../hub/estimate_live.ts";
import type { LookUps } from "../hub/look_up.ts";
import type { Estimate, Problem, Result, Scenario } from "../lib/mod.ts";
import { fromQuery, PRESETS } from "../lib/mod.ts";
import type { TablesConfig } from "../lib/ask/tables/config.ts";
import { tablesOf } from "../lib/ask/tables/mod.ts";
import type { Use } from "../lib/ask/tables/opinions.ts";
import { opinionRows, scenarioOf, USES } from "../lib/ask/tables/opinions.ts";
import type { TablesSettings } from "../lib/ask/tables/settings.ts";
import { parseTablesSettings } from "../lib/ask/tables/settings.ts";
import { LookingUp } from "../templates/answer/looking_up.tsx";
import { STATUS } from "../templates/answer/live_answer.tsx";
import { Offer } from "../templates/answer/offer.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { PAGE_FIELDS } from "../templates/form/page_fields.ts";
import {
  formOf,
  tablesAddress,
  typedAddress,
} from "../templates/tables/fields.ts";
import { TablesPage } from "../templates/tables/tables_page.tsx";
import type { TablesAnswer } from "../templates/tables/words.ts";
import { TablesView } from "../templates/tables/tables_view.tsx";
import { ofScenarios } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";

/** How long an answer waits for the Hub before it tells how far it is. */
const WAIT_MS = { page: 2000, live: 250 };
/** How soon a browser without JavaScript asks again. */
const REFRESH_SECONDS = 2;

/** What comes of a look at the tables. */
type Outcome =
  | { state: "answered"; answer: TablesAnswer }
  | Exclude<LiveAnswer, { state: "answered" }>;

/** A model's memory by data type and use; the address holds what was asked. */
export function tablesRoute(
  lookUps: LookUps | null,
  config: TablesConfig,
): Hono {
  return new Hono()
    .get("/tables", async (c) => {
      const typed = typedQuery(c);
      const outcome = await outcomeOf(typed, lookUps, config, {
        lookUp: "anew",
        waitMs: WAIT_MS.page,
      });
      ofOutcome(c, outcome);
      const underWay = outcome.state === "under way";
      return c.html(
        <TablesPage
          title={titleOf(outcome)}
          form={formOf(typed, errorsOf(outcome))}
          config={config}
          refreshSeconds={underWay ? REFRESH_SECONDS : undefined}
        >
          <OutcomeView outcome={outcome} typed={typed} config={config} />
        </TablesPage>,
        STATUS[outcome.state],
      );
    })
    .get("/tables/answer", async (c) => {
      const typed = typedQuery(c);
      const outcome = await outcomeOf(typed, lookUps, config, {
        lookUp: stands(c, typed) ? "once" : "never",
        waitMs: WAIT_MS.live,
      });
      c.header("HX-Replace-Url", addressOf(outcome, typed));
      ofOutcome(c, outcome);
      return c.html(
        <OutcomeView outcome={outcome} typed={typed} config={config} />,
        STATUS[outcome.state],
      );
    });
}

function ofOutcome(c: Context, outcome: Outcome): void {
  if (outcome.state === "answered") {
    ofScenarios(c, [outcome.answer.settings.model]);
  }
}

/** What was typed; the first example's model where nothing was. */
function typedQuery(c: Context): URLSearchParams {
  const query = pageParameters(c.req.url);
  query.delete(PAGE_FIELDS.lookUp);
  const named = [...query.keys()].some((name) => /^model(\.|$)/.test(name));
  if (!named) query.set("model", String(PRESETS[0].scenario.model));
  return query;
}

/** Whether the page says that the model's name is to be looked up as it stands. */
function stands(c: Context, typed: URLSearchParams): boolean {
  const name = new URL(c.req.url).searchParams.getAll(PAGE_FIELDS.lookUp).at(
    -1,
  );
  return name?.trim() === typed.getAll("model").at(-1)?.trim();
}

async function outcomeOf(
  typed: URLSearchParams,
  lookUps: LookUps | null,
  config: TablesConfig,
  { lookUp, waitMs }: Pick<LiveOptions, "lookUp" | "waitMs">,
): Promise<Outcome> {
  const parsed = parseTablesSettings(fromQuery(typed), config);
  if (!parsed.ok) return { state: "refused", problems: parsed.problems };
  const settings = parsed.value;
  const answers = {} as Record<Use, Result<Estimate>>;
  const scenarios: Partial<Record<Use, Scenario>> = {};
  for (const use of USES) {
    const answer = await estimateLive(
      { ...scenarioOf(use, settings) },
      lookUps,
      {
        headers: false,
        lookUp: lookUp === "anew" && use !== "inference" ? "once" : lookUp,
        waitMs,
        wanted: { opinions: true },
      },
    );
    if (answer.state === "answered") {
      answers[use] = { ok: true, value: answer.estimate };
      scenarios[use] = answer.estimate.scenario;
    } else if (use === "inference" || answer.state !== "refused") {
      return answer;
    } else {
      answers[use] = { ok: false, problems: [...answer.problems] };
    }
  }
  return {
    state: "answered",
    answer: answerOf(answers, scenarios, settings, config),
  };
}

function answerOf(
  answers: Record<Use, Result<Estimate>>,
  scenarios: Partial<Record<Use, Scenario>>,
  settings: TablesSettings,
  config: TablesConfig,
): TablesAnswer {
  const { inference } = answers;
  if (!inference.ok) throw new RangeError("Cannot make tables of no model");
  return {
    tables: tablesOf(inference.value.model, settings, config),
    settings,
    opinions: opinionRows(answers),
    scenarios,
  };
}

function OutcomeView(
  { outcome, typed, config }: {
    outcome: Outcome;
    typed: URLSearchParams;
    config: TablesConfig;
  },
) {
  const href = addressOf(outcome, typed);
  switch (outcome.state) {
    case "answered":
      return <TablesView answer={outcome.answer} config={config} />;
    case "under way":
      return (
        <LookingUp
          lookUp={outcome.lookUp}
          href={href}
          action="/tables/answer"
        />
      );
    case "possible":
      return <Offer name={outcome.name} href={href} headers={false} />;
    case "refused": {
      const { problems, failed } = outcome;
      return failed === undefined
        ? <Problems problems={problems} />
        : <Problems problems={problems} lookUp={{ name: failed, href }} />;
    }
  }
}

function addressOf(outcome: Outcome, typed: URLSearchParams): string {
  return outcome.state === "answered"
    ? tablesAddress(outcome.answer.settings)
    : typedAddress(typed);
}

function errorsOf(outcome: Outcome): Map<string, string> {
  if (outcome.state !== "refused") return new Map();
  return new Map(
    outcome.problems.map(({ path, message }: Problem) => [
      path.replace(/\.\d+$/, ""),
      message,
    ]),
  );
}

function titleOf(outcome: Outcome): string {
  return outcome.state === "answered"
    ? `${outcome.answer.tables.model} by data type and use · Headroom`
    : "Memory by data type and use · Headroom";
}
