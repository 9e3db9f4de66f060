import type { Context } from "hono";
import { Hono } from "hono";
import type { LookUps } from "../hub/look_up.ts";
import type { Problem } from "../lib/mod.ts";
import { besideLog, leavesOf, parseScenario, toQuery } from "../lib/mod.ts";
import { ImportedView } from "../templates/answer/imported_view.tsx";
import { STATUS } from "../templates/answer/live_answer.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { formOfQuery } from "../templates/form/form_state.ts";
import { Page } from "../templates/page.tsx";
import { wholeBody } from "./limits.ts";
import type { SentConfigurations } from "./configuration_form.ts";
import { importSent, readForm } from "./configuration_form.ts";
import { TITLE } from "./page.tsx";
import { answerTo, readPageQuery } from "./page_query.ts";
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
        const query = queryOf(read.value.scenario);
        const asked = readPageQuery(new URLSearchParams(query));
        const answer = await answerTo(asked, lookUps, {
          lookUp: "anew",
          waitMs: WAIT_MS,
        });
        const { href, view } = shownAnswer(asked, answer, query);
        return c.html(
          <Page
            title={TITLE}
            state={formOfAnswer(asked, answer)}
            query={href.slice(2)}
            importing={{
              text: plain(sent.text),
              model: plain(sent.model),
              errors: [],
            }}
            report={
              <ImportedView
                imported={read.value}
                href={href}
                beside={answer.state === "answered"
                  ? besideLog(read.value.figures ?? [], answer.estimate)
                  : []}
              />
            }
          >
            {view}
          </Page>,
          STATUS[answer.state],
        );
      },
    );
}

const NOTHING: SentConfigurations = {
  text: "",
  model: "",
  scenario: "",
  files: [],
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
