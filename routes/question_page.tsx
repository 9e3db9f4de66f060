import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { wholeName } from "../hub/estimate_live.ts";
import type { Result, Scenario } from "../lib/mod.ts";
import { toQuery } from "../lib/mod.ts";
import { Layout } from "../templates/layout.tsx";
import { ofScenarios } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { pageAddress, readPageQuery } from "./page_query.ts";

/**
 * Answers a question about the scenario that a page's address gives.
 *
 * @param ask Is given the scenario's input, and whether to count from headers.
 */
export async function questionOf<T extends { readonly scenario: Scenario }>(
  c: Context,
  ask: (input: unknown, headers: boolean) => Promise<Result<T>>,
): Promise<{ answer: Result<T>; headers: boolean }> {
  const asked = readPageQuery(pageParameters(c.req.url));
  const { headers } = asked;
  const answer: Result<T> = asked.problems.length > 0
    ? { ok: false, problems: asked.problems }
    : await ask(
      headers
        ? { ...asked.input, model: wholeName(asked.input["model"]) }
        : asked.input,
      headers,
    );
  if (answer.ok) ofScenarios(c, [answer.value.scenario.model], headers);
  c.header("Vary", "HX-Request");
  return { answer, headers };
}

/** A question's page of its own, with the way back to the scenario. */
export function QuestionPage(
  { title, heading, scenario, headers, children }: {
    title: string;
    heading: string;
    /** Null where it was refused. */
    scenario: Scenario | null;
    headers: boolean;
    children: Child;
  },
) {
  return (
    <Layout
      title={`${title} · Headroom`}
      scenario={scenario
        ? pageAddress(toQuery(scenario), headers).slice("/?".length)
        : undefined}
    >
      <main class="single" id="answer">
        <h1>{heading}</h1>
        {scenario && (
          <p>
            <a href={pageAddress(toQuery(scenario), headers)}>
              Back to the scenario
            </a>
          </p>
        )}
        {children}
      </main>
    </Layout>
  );
}
