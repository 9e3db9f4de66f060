import { Hono } from "hono";
import { resolveOnHub } from "../hub/estimate.ts";
import { wholeName } from "../hub/estimate_live.ts";
import type { Hub } from "../hub/mod.ts";
import type { Largest, Problem, Result } from "../lib/mod.ts";
import { ASKED, largestInTurns, toQuery } from "../lib/mod.ts";
import { LargestAnswer } from "../templates/answer/largest.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import { pageAddress, readPageQuery } from "./page_query.ts";

/**
 * The largest batch and length with which a scenario fits: for the page, which
 * asks once somebody wants to know, and as a page of its own.
 */
export function largestRoute(hub: Hub | null): Hono {
  return new Hono().get("/largest", async (c) => {
    const asked = readPageQuery(new URL(c.req.url).searchParams);
    const { headers } = asked;
    const answer = asked.problems.length > 0
      ? { ok: false as const, problems: asked.problems }
      : await largestBoth(
        headers
          ? { ...asked.input, model: wholeName(asked.input["model"]) }
          : asked.input,
        hub,
        headers,
      );
    const view = answer.ok
      ? <LargestAnswer found={answer.value.found} />
      : <Problems problems={answer.problems} form={false} />;
    const status = answer.ok ? 200 : 422;
    if (c.req.header("HX-Request") === "true") return c.html(view, status);
    return c.html(
      <Layout title="The largest that fits · Headroom">
        <main class="single" id="answer">
          <h1>The largest that fits</h1>
          {answer.ok && (
            <p>
              <a href={pageAddress(answer.value.query, headers)}>
                Back to the scenario
              </a>
            </p>
          )}
          {answer.ok
            ? <section class="card" aria-label="The largest">{view}</section>
            : view}
        </main>
      </Layout>,
      status,
    );
  });
}

async function largestBoth(
  input: unknown,
  hub: Hub | null,
  headers: boolean,
): Promise<
  { ok: true; value: { found: Largest[]; query: string } } | {
    ok: false;
    problems: Problem[];
  }
> {
  const resolved = await resolveOnHub(input, hub, { headers });
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  const found: Largest[] = [];
  for (const field of Object.values(ASKED[scenario.task])) {
    const result: Result<Largest> = await largestInTurns(scenario, field, {
      model,
      breathe,
    });
    if (!result.ok) return result;
    found.push(result.value);
  }
  return { ok: true, value: { found, query: toQuery(scenario) } };
}

/** Lets the server answer others between two estimates. */
export function breathe(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
