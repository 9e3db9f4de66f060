import { Hono } from "hono";
import {
  formatBytes,
  fromQuery,
  PRESETS,
  toQuery,
  tryEstimate,
} from "../lib/mod.ts";
import { FitTable } from "../templates/answer/gpus.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { Layout } from "../templates/layout.tsx";

/** Every GPU of the catalogue against one scenario. */
export const gpus: Hono = new Hono();

gpus.get("/gpus", (c) => {
  const input = fromQuery(new URL(c.req.url).searchParams);
  const first = Object.keys(input).length === 0;
  const result = tryEstimate(first ? PRESETS[0].scenario : input);
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
