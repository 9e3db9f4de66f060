import type { Context } from "hono";
import { Hono } from "hono";
import type { LiveAnswer } from "../hub/estimate_live.ts";
import type { LookUps } from "../hub/look_up.ts";
import type { Missing, Problem } from "../lib/mod.ts";
import {
  besideLog,
  fromQuery,
  leavesOf,
  parseScenario,
  toQuery,
} from "../lib/mod.ts";
import { ImportedView } from "../templates/answer/imported_view.tsx";
import { STATUS } from "../templates/answer/live_answer.tsx";
import {
  MissingForm,
  NoAnswerYet,
  TriedGpus,
} from "../templates/answer/missing_view.tsx";
import { triedWords } from "../templates/tried_words.ts";
import { Problems } from "../templates/answer/problems.tsx";
import { formOfQuery } from "../templates/form/form_state.ts";
import { Page } from "../templates/page.tsx";
import { wholeBody } from "./limits.ts";
import type { SentConfigurations } from "./configuration_form.ts";
import { importSent, readForm, textsOf } from "./configuration_form.ts";
import { TITLE } from "./page.tsx";
import type { PageQuery } from "./page_query.ts";
import { answerTo, pageAddress, readPageQuery } from "./page_query.ts";
import { plain } from "./plain.ts";
import { formOfAnswer, shownAnswer } from "./shown_answer.tsx";

/** Largest form that is read, so that a wrong file is still told by its name. */
const MAX_FORM_BYTES = 8 * 1024 * 1024;
/** How long the page waits for the Hub before it tells how far it is. */
const WAIT_MS = 2000;
/** Longest pasted text that a refusal gives back. */
const MAX_KEPT = 300_000;

/**
 * Reads configuration files, commands and logs and answers with the page: its
 * form filled, what became of each setting, and the estimate.
 */
export function importRoute(lookUps: LookUps | null): Hono {
  return new Hono()
    // Where a browser comes back to after the form has been sent.
    .get("/import", (c) => c.redirect("/", 303))
    .post(
      "/import",
      wholeBody(MAX_FORM_BYTES, (c, sent) =>
        refuse(c, NOTHING, [{
          path: "configuration",
          message:
            `configuration must have at most ${MAX_FORM_BYTES} bytes with its form: ${sent} were sent; go back to find it as it was`,
        }], 413)),
      async (c) => {
        const sent = readForm(await c.req.formData().catch(() => null));
        const read = await importSent(sent);
        if (!read.ok) return refuse(c, sent, read.problems, 422);
        const { missing, figures = [] } = read.value;
        const texts = await textsOf(sent);
        const query = queryOf(withHardware(read.value.scenario, sent.scenario));
        const asked = readPageQuery(new URLSearchParams(query));
        const ask = (one: PageQuery) =>
          answerTo(one, lookUps, { lookUp: "anew", waitMs: WAIT_MS });
        const answer = missing.length === 0 ? await ask(asked) : null;
        const shown = answer ? shownAnswer(asked, answer, query) : {
          href: pageAddress(query, false),
          view: await waiting(missing, query, ask),
        };
        return c.html(
          <Page
            title={TITLE}
            state={answer
              ? formOfAnswer(asked, answer)
              : formOfQuery(asked.typed, [], asked)}
            query={shown.href.slice(2)}
            importing={{
              text: plain(sent.text),
              model: plain(sent.model),
              errors: [],
            }}
            report={
              <ImportedView
                imported={read.value}
                href={shown.href}
                beside={answer?.state === "answered"
                  ? besideLog(figures, answer.estimate)
                  : []}
                asks={missing.length > 0 && (
                  <MissingForm
                    missing={missing.map((each) => ({
                      ...each,
                      name: plain(each.name),
                      reason: plain(each.reason),
                    }))}
                    texts={texts.ok ? texts.value : []}
                    query={plain(sent.scenario)}
                    model={plain(sent.model)}
                  />
                )}
              />
            }
          >
            {shown.view}
          </Page>,
          answer ? STATUS[answer.state] : 200,
        );
      },
    );
}

/** What stands for the answer: those for some numbers of GPUs, where only that is missing. */
async function waiting(
  missing: readonly Missing[],
  query: string,
  ask: (asked: PageQuery) => Promise<LiveAnswer>,
) {
  const [only, ...more] = missing;
  if (more.length > 0 || only?.kind !== "field" || !only.tries) {
    return (
      <NoAnswerYet
        missing={missing.map((each) => ({ ...each, name: plain(each.name) }))}
      />
    );
  }
  const tried = await Promise.all(only.tries.map(async (gpus) => {
    const one = new URLSearchParams(query);
    one.set(only.name, String(gpus));
    const asked = readPageQuery(one);
    const answer = await ask(asked);
    return {
      gpus,
      href: shownAnswer(asked, answer, one.toString()).href,
      words: answer.state === "answered" ? triedWords(answer.estimate) : null,
    };
  }));
  return <TriedGpus tried={tried} />;
}

/** The hardware that was chosen on the page stays, whatever a file says. */
function withHardware(
  scenario: Record<string, unknown>,
  before: string,
): Record<string, unknown> {
  const chosen = fromQuery(
    new URLSearchParams(
      [...new URLSearchParams(before.slice(0, MAX_KEPT))].filter(([name]) =>
        name.startsWith("hardware.")
      ),
    ),
  );
  return { ...scenario, ...chosen };
}

const NOTHING: SentConfigurations = {
  text: "",
  model: "",
  scenario: "",
  files: [],
  before: [],
  given: {},
};

/** The page as it was, with what was pasted and what is wrong with it. */
function refuse(
  c: Context,
  sent: SentConfigurations,
  problems: readonly Problem[],
  status: 413 | 422,
): Response | Promise<Response> {
  const { typed, ...choices } = readPageQuery(
    new URLSearchParams(sent.scenario.slice(0, MAX_KEPT)),
  );
  return c.html(
    <Page
      title={TITLE}
      state={formOfQuery(typed, [], choices)}
      query={typed.toString()}
      importing={{
        text: plain(sent.text.slice(0, MAX_KEPT)),
        model: plain(sent.model),
        errors: problems.map(({ message }) => plain(message)),
      }}
    >
      <Problems
        problems={problems.map(({ path, message }) => ({
          path,
          message: plain(message),
        }))}
        form={false}
      />
    </Page>,
    status,
  );
}

/** The query of an imported scenario, which may lack what an answer needs. */
function queryOf(scenario: Record<string, unknown>): string {
  const parsed = parseScenario(scenario);
  if (parsed.ok) return toQuery(parsed.value);
  return new URLSearchParams(
    leavesOf(scenario).filter(({ value }) => value !== null)
      .map(({ path, value }) => [path, textOf(value)]),
  ).toString();
}

function textOf(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value.length === 1 ? `${value[0]},` : value.join(",");
}
