import {
  CALCULATOR_PRESETS,
  estimate,
  formatBytes,
  fullness,
  scenarioOfPreset,
  toQuery,
} from "../lib/mod.ts";
import { WORDS } from "./answer/verdict.tsx";

/** Each preset with its answer, worked out once. */
const ROWS = CALCULATOR_PRESETS.map((preset) => {
  const { scenario, memory, fit } = estimate(scenarioOfPreset(preset));
  const [own] = fit;
  return {
    ...preset,
    query: toQuery(scenario),
    peak: formatBytes(memory.device_peak_bytes),
    gpu: own?.gpu ?? "",
    used: own?.utilization ?? 0,
  };
});

/** The presets in a table; a title loads its preset into the form. */
export function Presets() {
  return (
    <main class="single" id="answer">
      <h1>Presets</h1>
      <p>
        Ways to train known models on many GPUs, as the training memory
        calculator ships them. A title loads the preset into the form; on the
        command line it is <code>deno task calculate --preset NAME</code>.
      </p>
      <section class="card">
        <div
          class="scroll"
          tabindex={0}
          role="region"
          aria-label="Presets for training"
        >
          <table>
            <caption>Presets for training</caption>
            <thead>
              <tr>
                <th scope="col">Preset</th>
                <th scope="col">How it trains</th>
                <th scope="col" class="number">Peak per GPU</th>
                <th scope="col" class="number">Used</th>
                <th scope="col">Verdict</th>
                <th scope="col">Name</th>
              </tr>
            </thead>
            <tbody>
              {ROWS.map(({ id, title, about, query, peak, gpu, used }) => (
                <tr>
                  <th scope="row">
                    <a href={`/?${query}`} id={`preset-${id}`}>{title}</a>
                  </th>
                  <td>{about}</td>
                  <td class="number">{peak}</td>
                  <td class="number">{(100 * used).toFixed(0)} %</td>
                  <td>
                    <span class={`state ${fullness(used)}`} title={gpu}>
                      {WORDS[fullness(used)].title}
                    </span>
                  </td>
                  <td>
                    <code>{id}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </main>
  );
}
