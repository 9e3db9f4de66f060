import { Hono } from "hono";
import type { LookUps } from "../hub/look_up.ts";
import { formatBytes, PRESETS, toQuery } from "../lib/mod.ts";
import { FitTable } from "../templates/answer/gpus.tsx";
import { lookUpState } from "../templates/answer/looking_up.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import { ofAnswers } from "./caching.ts";
import { answerTo, pageAddress, readPageQuery } from "./page_query.ts";
import { pageParameters } from "./page_parameters.ts";

/** How long the page waits for the Hub before it tells how far it is. */
const WAIT_MS = 2000;
/** How soon a browser asks again. */
const REFRESH_SECONDS = 2;

/** Every GPU of the catalogue against one scenario. */
export function gpusRoute(lookUps: LookUps | null): Hono {
  return new Hono().get("/gpus", async (c) => {
    const asked = readPageQuery(pageParameters(c.req.url));
    const { headers } = asked;
    const first = Object.keys(asked.input).length === 0;
    const answer = await answerTo(
      first
        ? { ...asked, input: { ...PRESETS[0].scenario }, headers: false }
        : asked,
      lookUps,
      { lookUp: "once", waitMs: WAIT_MS, wanted: {} },
    );
    switch (answer.state) {
      case "refused":
        return c.html(
          <Layout title="GPUs · Headroom">
            <main class="single" id="answer">
              <h1>GPUs</h1>
              <Problems problems={answer.problems} form={false} />
            </main>
          </Layout>,
          422,
        );
      case "under way":
        c.header("Refresh", `${REFRESH_SECONDS}`);
        return c.html(
          <Layout title="GPUs · Headroom">
            <main class="single" id="answer">
              <h1>GPUs for {answer.lookUp.name}</h1>
              <p>{lookUpState(answer.lookUp)}</p>
            </main>
          </Layout>,
          202,
        );
      case "answered": {
        const { fit, memory, model, scenario } = answer.estimate;
        ofAnswers(c, [answer], headers);
        return c.html(
          <Layout
            title={`GPUs for ${model.name} · Headroom`}
            scenario={toQuery(scenario)}
          >
            <main class="single" id="answer">
              <h1>GPUs for {model.name}</h1>
              <p>
                {formatBytes(memory.device_peak_bytes)} per GPU.{" "}
                <a href={pageAddress(toQuery(scenario), headers)}>
                  Back to the scenario
                </a>
              </p>
              <section class="card">
                <FitTable
                  estimate={answer.estimate}
                  fits={fit}
                  caption="All GPUs, least memory first"
                />
              </section>
            </main>
          </Layout>,
        );
      }
    }
  });
}
