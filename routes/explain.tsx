import type { Context } from "hono";
import { Hono } from "hono";
import type { Hub } from "../hub/mod.ts";
import type { Explanation, Problem, Result } from "../lib/mod.ts";
import { putAt, toQuery } from "../lib/mod.ts";
import { Problems } from "../templates/answer/problems.tsx";
import type { ErrorFormState } from "../templates/explain/error_form.tsx";
import { ExplainPage } from "../templates/explain/explain_page.tsx";
import { ExplanationView } from "../templates/explain/explanation_view.tsx";
import { EXPLAIN_FIELDS } from "../templates/form/page_fields.ts";
import { explainOnHub } from "./asked.ts";
import { ofAddress } from "./caching.ts";
import { wholeBody } from "./limits.ts";
import { pageParameters } from "./page_parameters.ts";
import { readPageQuery } from "./page_query.ts";
import { plain } from "./plain.ts";
import { isLive } from "./refuse.tsx";

/** Largest form that is read: a snapshot of the allocator has megabytes. */
const MAX_FORM_BYTES = 8 * 1024 * 1024;
/** Longest pasted text that an answer gives back. */
const MAX_KEPT = 300_000;

/** Takes an error of memory and explains it. */
export function explainRoute(hub: Hub | null): Hono {
  return new Hono()
    .get("/explain", (c) => {
      const { typed } = readPageQuery(pageParameters(c.req.url));
      ofAddress(c);
      return c.html(
        <ExplainPage
          state={{ ...NOTHING, scenario: typed.toString() }}
          answer={null}
        />,
      );
    })
    .post(
      "/explain",
      wholeBody(MAX_FORM_BYTES, (c, sent) =>
        shown(
          c,
          NOTHING,
          refused(
            `text must have at most ${MAX_FORM_BYTES} bytes with its form: ${sent} were sent; go back to find it as it was`,
          ),
          413,
        )),
      async (c) => {
        const sent = await readSent(await c.req.formData().catch(() => null));
        const { text } = sent;
        return shown(
          c,
          sent,
          typeof text === "string"
            ? await explainOnHub(text, givenBy(sent), hub)
            : text,
        );
      },
    );
}

/** What somebody sent. */
interface SentError {
  /** The text, or what is wrong with its file. */
  text: string | Refused;
  /** What was typed. */
  typed: string;
  model: string;
  /** The query of the scenario beside it. */
  scenario: string;
}

type Refused = { ok: false; problems: Problem[] };

const NOTHING: SentError & ErrorFormState = {
  text: "",
  typed: "",
  model: "",
  scenario: "",
};

/** A chosen file goes before what was pasted. */
async function readSent(form: FormData | null): Promise<SentError> {
  const textOf = (name: string): string => {
    const value = form?.getAll(name).at(-1);
    return typeof value === "string" ? value : "";
  };
  const file = form?.getAll(EXPLAIN_FIELDS.file).at(-1);
  const typed = textOf(EXPLAIN_FIELDS.text).replaceAll("\r\n", "\n");
  return {
    text: file instanceof File && file.size > 0 ? await readFile(file) : typed,
    typed,
    model: textOf(EXPLAIN_FIELDS.model).trim(),
    scenario: textOf(EXPLAIN_FIELDS.scenario),
  };
}

async function readFile(file: File): Promise<string | Refused> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.bytes());
  } catch {
    return refused(
      `text must be text: the file ${
        JSON.stringify(plain(file.name.slice(0, 100)))
      } is binary; a pickle of _dump_snapshot is not read, for reading one runs its code`,
    );
  }
}

/** The scenario that stands beside the text; undefined of none. */
function givenBy(
  { scenario, model }: SentError,
): Record<string, unknown> | undefined {
  const query = new URLSearchParams(scenario.slice(0, MAX_KEPT));
  const { input } = readPageQuery(query);
  if (model !== "") putAt(input, "model", model);
  return Object.keys(input).length === 0 ? undefined : input;
}

function refused(message: string): Refused {
  return { ok: false, problems: [{ path: "text", message }] };
}

/** The answer alone for a page that swaps it in, else the page. */
function shown(
  c: Context,
  { typed, model, scenario }: ErrorFormState,
  result: Result<Explanation>,
  status: 200 | 413 | 422 = result.ok ? 200 : 422,
): Response | Promise<Response> {
  const answer = result.ok
    ? (
      <ExplanationView
        explanation={result.value}
        query={result.value.scenario && toQuery(result.value.scenario)}
      />
    )
    : (
      <Problems
        problems={result.problems.map(({ path, message }) => ({
          path,
          message: plain(message),
        }))}
        form={false}
      />
    );
  c.header("Vary", "HX-Request");
  if (isLive(c)) return c.html(answer, status);
  return c.html(
    <ExplainPage
      state={{
        typed: plain(typed.slice(0, MAX_KEPT)),
        model: plain(model),
        scenario: plain(scenario.slice(0, MAX_KEPT)),
      }}
      answer={answer}
    />,
    status,
  );
}
