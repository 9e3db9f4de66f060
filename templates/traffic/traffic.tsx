import type { Bandwidths, Estimate, Traffic } from "../../lib/mod.ts";
import {
  formatBytes,
  groupDigits,
  toQuery,
  trafficTime,
} from "../../lib/mod.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import { BANDWIDTH_FIELDS } from "./bandwidth_fields.ts";
import { axisWords, formatSeconds, noTrafficWords } from "./traffic_words.ts";

const UNKNOWN: Bandwidths = { node: null, network: null };

/** Traffic per step, folded away; nothing where nothing is sent. */
export function TrafficFold(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const { traffic } = estimate;
  if (!traffic) return null;
  if (traffic.not_counted !== null) {
    const { task, parallel } = estimate.scenario;
    return (
      <section class="card" aria-label="Traffic per step">
        <p>{noTrafficWords(task, parallel.gpus, traffic.not_counted)}</p>
      </section>
    );
  }
  if (traffic.flows.length === 0) return null;
  return (
    <section class="card" aria-label="Traffic per step">
      <details class="roles">
        <summary>
          Traffic per step: {formatBytes(traffic.sent_bytes)}{" "}
          sent by each GPU, and as much received
        </summary>
        <TrafficTable traffic={traffic} />
        <BandwidthForm
          estimate={estimate}
          headers={headers}
          typed={{ node: "", network: "" }}
          errors={new Map()}
        />
      </details>
    </section>
  );
}

/** What each GPU sends, per axis and collective. */
export function TrafficTable(
  { traffic, bandwidths = UNKNOWN }: {
    traffic: Traffic;
    bandwidths?: Bandwidths;
  },
) {
  const time = trafficTime(traffic, bandwidths);
  const timed = time.at_least_seconds !== null;
  return (
    <>
      <div
        class="scroll"
        tabindex={0}
        role="region"
        aria-label="Table of traffic"
      >
        <table class="flows">
          <caption>
            Sent per optimizer step by the GPU that holds most; it receives as
            much
          </caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Collective</th>
              <th scope="col" class="number">Sent</th>
              <th scope="col" class="number">In the node</th>
              <th scope="col" class="number">Between nodes</th>
              {timed && <th scope="col" class="number">At least</th>}
              <th scope="col">Messages</th>
            </tr>
          </thead>
          <tbody>
            {traffic.flows.map((flow) => (
              <tr>
                <th scope="row">{axisWords(flow.axis)}: {flow.what}</th>
                <td>
                  {groupDigits(flow.calls)} × {flow.collective} of {flow.ranks}
                </td>
                <Bytes bytes={flow.sent_bytes} />
                <Bytes bytes={flow.node_bytes} />
                <Bytes bytes={flow.network_bytes} />
                {timed && (
                  <td class="number">
                    {timeText(trafficTime(flow, bandwidths).at_least_seconds)}
                  </td>
                )}
                <td class="formula">
                  {flow.formula}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td></td>
              <Bytes bytes={traffic.sent_bytes} />
              <Bytes bytes={traffic.node_bytes} />
              <Bytes bytes={traffic.network_bytes} />
              {timed && (
                <td class="number">{timeText(time.at_least_seconds)}</td>
              )}
              <td></td>
            </tr>
          </tfoot>
        </table>
      </div>
      <ul class="largest">
        {traffic.assumptions.map((each) => <li>{each}</li>)}
      </ul>
    </>
  );
}

function Bytes({ bytes }: { bytes: number }) {
  return (
    <td class="number" title={`${groupDigits(bytes)} bytes`}>
      {formatBytes(bytes)}
    </td>
  );
}

function timeText(seconds: number | null): string {
  return seconds === null ? "–" : formatSeconds(seconds);
}

/** Asks how fast the links are, for the least time that a step's traffic takes. */
export function BandwidthForm(
  { estimate, headers, typed, errors }: {
    estimate: Estimate;
    headers: boolean;
    typed: Record<keyof Bandwidths, string>;
    errors: ReadonlyMap<string, string>;
  },
) {
  const query = new URLSearchParams(toQuery(estimate.scenario));
  if (headers) query.set(PAGE_FIELDS.countFrom, "headers");
  return (
    <form action="/traffic" method="get" aria-label="Speed of the links">
      {[...query].map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <div class="controls">
        {BANDWIDTH_FIELDS.map(({ key, name, label }) => {
          const error = errors.get(name);
          return (
            <div class="field">
              <label for={`t-${name}`}>
                {label}
                <span class="unit">GB/s</span>
              </label>
              <input
                type="text"
                inputmode="decimal"
                id={`t-${name}`}
                name={name}
                value={typed[key]}
                aria-describedby={`t-${name}-hint${
                  error === undefined ? "" : ` t-${name}-error`
                }`}
                aria-invalid={error === undefined ? undefined : "true"}
              />
              <p class="hint" id={`t-${name}-hint`}>
                Per GPU and direction, 1 GB = 10<sup>9</sup> bytes
              </p>
              {error !== undefined && (
                <p class="error" id={`t-${name}-error`}>{error}</p>
              )}
            </div>
          );
        })}
      </div>
      <button type="submit" class="second">How long it takes at least</button>
    </form>
  );
}
