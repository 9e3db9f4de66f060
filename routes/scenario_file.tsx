import { Hono } from "hono";
import type { Scenario } from "../lib/mod.ts";
import {
  fromQuery,
  parseScenario,
  refusalOf,
  toInput,
  toQuery,
} from "../lib/mod.ts";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import { ScenarioFile } from "../templates/scenario_file.tsx";
import { ofAddress } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";

/** Most characters of a file's name that are the model's. */
const MAX_NAME = 60;

const TITLE = "The scenario as JSON · Headroom";

/**
 * The page's scenario as JSON that `estimate --scenario` takes: on a page, to
 * copy, and as a file.
 */
export const scenarioFileRoute: Hono = new Hono()
  .get("/scenario", (c) => {
    const parsed = scenarioOf(c.req.url);
    if (!parsed.ok) {
      return c.html(
        <Layout title={TITLE}>
          <main class="single" id="answer">
            <h1>The scenario as JSON</h1>
            <Problems problems={parsed.problems} form={false} />
          </main>
        </Layout>,
        422,
      );
    }
    ofAddress(c);
    return c.html(
      <Layout title={TITLE} scenario={toQuery(parsed.value)}>
        <ScenarioFile
          query={toQuery(parsed.value)}
          json={jsonOf(parsed.value)}
          file={fileName(parsed.value)}
        />
      </Layout>,
    );
  })
  .get("/scenario.json", (c) => {
    const parsed = scenarioOf(c.req.url);
    if (!parsed.ok) return c.json(refusalOf(parsed.problems), 422);
    ofAddress(c);
    return c.body(jsonOf(parsed.value), 200, {
      "Content-Type": "application/json; charset=utf-8",
      "Content-Disposition": `attachment; filename="${fileName(parsed.value)}"`,
    });
  });

function scenarioOf(url: string): ReturnType<typeof parseScenario> {
  return parseScenario(fromQuery(pageParameters(url)));
}

function jsonOf(scenario: Scenario): string {
  return `${JSON.stringify(toInput(scenario), null, 2)}\n`;
}

/** A file's name after the model: "headroom-meta-llama-Llama-2-7b-hf.json". */
function fileName({ model }: Scenario): string {
  const name = typeof model === "string" ? model : "scenario";
  return `headroom-${
    name.replaceAll(/[^\w.-]+/g, "-").slice(0, MAX_NAME)
  }.json`;
}
