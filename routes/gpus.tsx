import { Hono } from "hono";
import { formatBytes, fromQuery, PRESETS, toQuery } from "../lib/mod.ts";
import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import { FitTable } from "../templates/answer/gpus.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";

/** Every GPU of the catalogue against one scenario. */
export function gpusRoute(hub: Hub | null): Hono {
  return new Hono().get("/gpus", async (c) => {
    const input = fromQuery(new URL(c.req.url).searchParams);
    const first = Object.keys(input).length === 0;
    const result = await estimateOnHub(
      first ? PRESETS[0].scenario : input,
      hub,
    );
    if (!result.ok) {
      return c.html(
        <Layout title="GPUs · Headroom">
          <main class="single" id="answer">
            <h1>GPUs</h1>
            <Problems problems={result.problems} form={false} />
          </main>
        </Layout>,
        422,
      );
    }
    const { fit, memory, model, scenario } = result.value;
    return c.html(
      <Layout title={`GPUs for ${model.name} · Headroom`}>
        <main class="single" id="answer">
          <h1>GPUs for {model.name}</h1>
          <p>
            {formatBytes(memory.device_peak_bytes)} per GPU.{" "}
            <a href={`/?${toQuery(scenario)}`}>Back to the scenario</a>
          </p>
          <section class="card">
            <FitTable fits={fit} caption="All GPUs, least memory first" />
          </section>
        </main>
      </Layout>,
    );
  });
}
