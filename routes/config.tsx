import type { Context } from "hono";
import { Hono } from "hono";
import type { Config, Problem } from "../lib/mod.ts";
import { compactConfig } from "../lib/models/compact_config.ts";
import { Problems } from "../templates/answer/problems.tsx";
import { formOfQuery, typedQuery } from "../templates/form/form_state.ts";
import { PAGE_FIELDS } from "../templates/form/page_fields.ts";
import { Page } from "../templates/page.tsx";
import { readConfigFile } from "./config_file.ts";
import { MAX_QUERY_LENGTH, wholeBody } from "./limits.ts";
import { TITLE } from "./page.tsx";
import { pageAddress, readPageQuery } from "./page_query.ts";
import { isLive } from "./refuse.tsx";

/** Largest form that is read, so that a wrong file is still told by its name. */
const MAX_FORM_BYTES = 8 * 1024 * 1024;

/** Longest address that every proxy takes: nginx has buffers of 8 KiB. */
const EASY_LENGTH = 8000;

/**
 * Takes a config.json as a file, with the rest of the form, and leads to the
 * page whose address holds both. The file is not kept.
 */
export const configRoute: Hono = new Hono().post(
  "/config",
  wholeBody(MAX_FORM_BYTES, (c, sent) =>
    refuse(c, new URLSearchParams(), {
      status: 413,
      problem:
        `must have at most ${MAX_FORM_BYTES} bytes with its form: ${sent} were sent; go back to find the form as it was`,
    })),
  async (c) => {
    const form = await c.req.formData().catch(() => null);
    const typed = new URLSearchParams();
    const files: File[] = [];
    for (const [name, value] of form ?? []) {
      if (typeof value === "string") typed.append(name, value);
      else if (name === PAGE_FIELDS.file) files.push(value);
    }
    const read = await readConfigFile(files);
    if (!read.ok) {
      return refuse(c, typed, { status: 422, problems: read.problems });
    }
    const address = addressOf(c, typed, read.value);
    if (typeof address === "number") {
      return refuse(c, typed, {
        status: 422,
        problem:
          `must fit in an address of ${MAX_QUERY_LENGTH} characters: with this file it has ${address}; send it to /api/v1/estimate or give it to deno task estimate --model`,
      });
    }
    if (!isLive(c)) return c.redirect(address, 303);
    c.header("HX-Redirect", address);
    return c.body(null, 204);
  },
);

/** The page's address with the config; its length where that is too much. */
function addressOf(
  c: Context,
  typed: URLSearchParams,
  config: Config,
): string | number {
  const of = (each: Config): string =>
    pageAddress(
      typedQuery(withConfig(typed, each)),
      false,
      readPageQuery(typed).belongs,
    );
  const whole = of(config);
  const address = whole.length <= EASY_LENGTH
    ? whole
    : of(compactConfig(config));
  const length = new URL(c.req.url).origin.length + address.length;
  return length <= MAX_QUERY_LENGTH ? address : length;
}

/** The form with the config as its only model. */
function withConfig(typed: URLSearchParams, config: Config): URLSearchParams {
  const rest = [...readPageQuery(typed).typed].filter(([path]) =>
    path !== "model" && !path.startsWith("model.")
  );
  return new URLSearchParams([
    ["model.config", JSON.stringify(config)],
    ...rest,
  ]);
}

function refuse(
  c: Context,
  sent: URLSearchParams,
  { status, problem, problems }: {
    status: 413 | 422;
    /** What is wrong with the file, after its name. */
    problem?: string;
    problems?: readonly Problem[];
  },
): Response | Promise<Response> {
  const wrong = problems ??
    [{ path: "model.config", message: `model.config ${problem}` }];
  const answer = <Problems problems={wrong} />;
  if (isLive(c)) return c.html(answer, status);
  const { typed, ...choices } = readPageQuery(sent);
  return c.html(
    <Page title={TITLE} state={formOfQuery(typed, wrong, choices)}>
      {answer}
    </Page>,
    status,
  );
}
