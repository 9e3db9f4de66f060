import type { Estimate } from "../../lib/mod.ts";
import { formatBytes, groupDigits } from "../../lib/mod.ts";
import { Why } from "../why.tsx";
import { figureId, figureWords } from "../words/figure_words.ts";
import { CapacityTable } from "./capacity_table.tsx";
import { engineName, servingFigures, settingsText } from "./serving_words.ts";

/** What an engine that serves makes of the model; nothing when training. */
export function ServingCard({ estimate }: { estimate: Estimate }) {
  const { serve, capacity } = estimate;
  if (!serve) return null;
  const settings = settingsText(serve);
  return (
    <section class="card" aria-labelledby="serving-title">
      <h3 id="serving-title">What {engineName(serve)} holds, per GPU</h3>
      <dl class="facts">
        {servingFigures(estimate).map(([name, text]) => (
          <div>
            <dt>
              {name}
              <Why
                term={name}
                sentence={figureWords(name)}
                href={`/docs/parts#${figureId(name)}`}
              />
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {capacity && serve.starts && (
        <details>
          <summary>How many users at which length</summary>
          <CapacityTable capacity={capacity} />
        </details>
      )}
      {serve.devices.length > 1 && <DevicesTable serve={serve} />}
      {settings.length > 0 && (
        <details>
          <summary>Settings as {engineName(serve)} resolves them</summary>
          <ul class="largest">
            {settings.map((each) => <li>{each}</li>)}
          </ul>
        </details>
      )}
    </section>
  );
}

function DevicesTable({ serve }: { serve: NonNullable<Estimate["serve"]> }) {
  const hasStates = serve.devices.some(({ state_bytes }) => state_bytes > 0);
  return (
    <div
      class="scroll"
      tabindex={0}
      role="region"
      aria-label="Table of devices"
    >
      <table>
        <caption>What lies where</caption>
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col" class="number">Weights</th>
            <th scope="col" class="number">Cache</th>
            {hasStates && <th scope="col" class="number">States</th>}
            <th scope="col" class="number">Compute</th>
            <th scope="col" class="number">All</th>
          </tr>
        </thead>
        <tbody>
          {serve.devices.map((each) => (
            <tr>
              <th scope="row">{each.device}</th>
              <Bytes bytes={each.weights_bytes} />
              <Bytes bytes={each.kv_bytes} />
              {hasStates && <Bytes bytes={each.state_bytes} />}
              <Bytes bytes={each.compute_bytes} />
              <Bytes bytes={each.total_bytes} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Bytes({ bytes }: { bytes: number }) {
  return (
    <td class="number" title={`${groupDigits(bytes)} bytes`}>
      {formatBytes(bytes)}
    </td>
  );
}
