import { Hono } from "hono";
import type { LookUps } from "../hub/look_up.ts";
import { toQuery } from "../lib/mod.ts";
import { LiveAnswerView, STATUS } from "../templates/answer/live_answer.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";
import {
  BANDWIDTH_FIELDS,
  readBandwidths,
} from "../templates/traffic/bandwidth_fields.ts";
import { BandwidthForm, TrafficTable } from "../templates/traffic/traffic.tsx";
import { noTrafficWords } from "../templates/traffic/traffic_words.ts";
import { ofAnswers } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { answerTo, pageAddress, readPageQuery } from "./page_query.ts";

/** How long the page waits for the Hub before it tells how far it is. */
const WAIT_MS = 2000;

/** One scenario's traffic per step, and its time over links of given speed. */
export function trafficRoute(lookUps: LookUps | null): Hono {
  return new Hono().get("/traffic", async (c) => {
    const query = pageParameters(c.req.url);
    const typed = {
      node: query.get("node_gbs")?.slice(0, 80) ?? "",
      network: query.get("network_gbs")?.slice(0, 80) ?? "",
    };
    const { bandwidths, problems } = readBandwidths((name) =>
      query.get(name) ?? undefined
    );
    for (const { name } of BANDWIDTH_FIELDS) query.delete(name);
    const asked = readPageQuery(query);
    const { headers } = asked;
    const answer = await answerTo(asked, lookUps, {
      lookUp: "once",
      waitMs: WAIT_MS,
      wanted: { traffic: true },
    });
    if (answer.state !== "answered") {
      return c.html(
        <Layout title="Traffic per step · Headroom">
          <main class="single" id="answer">
            <h1>Traffic per step</h1>
            {answer.state === "refused"
              ? <Problems problems={answer.problems} form={false} />
              : (
                <LiveAnswerView
                  answer={answer}
                  href={c.req.url}
                  headers={headers}
                  belongs={null}
                />
              )}
          </main>
        </Layout>,
        STATUS[answer.state],
      );
    }
    const { estimate } = answer;
    ofAnswers(c, [answer], headers);
    const { model, scenario, traffic } = estimate;
    const { gpus } = scenario.parallel;
    return c.html(
      <Layout
        title={`Traffic of ${model.name} · Headroom`}
        scenario={toQuery(scenario)}
      >
        <main class="single" id="answer">
          <h1>Traffic of {model.name} per step</h1>
          <p>
            {gpus === 1 ? "One GPU" : `${gpus} GPUs`}.{" "}
            <a href={pageAddress(toQuery(scenario), headers)}>
              Back to the scenario
            </a>
          </p>
          {traffic && traffic.flows.length > 0
            ? (
              <section class="card" aria-label="Traffic per step">
                <TrafficTable traffic={traffic} bandwidths={bandwidths} />
                <BandwidthForm
                  estimate={estimate}
                  headers={headers}
                  typed={typed}
                  errors={new Map(
                    problems.map(({ path, message }) => [path, message]),
                  )}
                />
              </section>
            )
            : (
              <section class="card" aria-label="Traffic per step">
                <p>
                  {noTrafficWords(
                    scenario.task,
                    gpus,
                    traffic?.not_counted ?? null,
                  )}
                </p>
              </section>
            )}
        </main>
      </Layout>,
      problems.length > 0 ? 422 : 200,
    );
  });
}
