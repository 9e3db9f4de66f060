import type { Estimate, Phase } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";
import { tensorWords } from "../tensor_words.ts";
import type { Band } from "./step_bands.ts";
import { bandsOf, shownPoints } from "./step_bands.ts";

/** The drawing's own units: it stretches to the width that there is. */
const WIDTH = 1000;
const HEIGHT = 200;
const TOP = 24;

/** Memory over the step: what stands when, the peak, and the GPU's limit. */
export function StepPicture({ estimate }: { estimate: Estimate }) {
  const { curve, memory, fit, largest = [] } = estimate;
  const own = fit[0];
  const peak = memory.allocated_peak_bytes;
  if (!curve || !own || peak === null) return null;
  const points = shownPoints(curve.points);
  const bands = bandsOf(curve, points);
  const limit = own.usable_bytes;
  const last = Math.max(1, points.length - 1);
  const x = (place: number) => WIDTH * place / last;
  const most = 1.02 * Math.max(peak, limit);
  const y = (bytes: number) => HEIGHT * (1 - bytes / most);
  const paths = pathsOf(bands, x, y);
  const top = points.reduce(
    (best, { bytes }, at) => bytes > (points[best]?.bytes ?? 0) ? at : best,
    0,
  );
  const percent = (place: number) => `${(x(place) / WIDTH * 100).toFixed(2)}%`;
  const starts = PHASES.map((phase) => ({
    phase,
    at: points.findIndex((point) => point.phase === phase),
  })).filter(({ at }) => at >= 0);
  return (
    <section class="card" aria-labelledby="step-title">
      <h3 id="step-title">The step as a picture</h3>
      <p class="binds">
        What decides the peak: <strong>{memory.binding}</strong>, with{" "}
        {formatBytes(peak)} allocated.
      </p>
      <figure class="step">
        <svg
          width="100%"
          height={TOP + HEIGHT + 24}
          role="img"
          aria-label={`Memory over one training step: ${
            formatBytes(peak)
          } at the peak, ${memory.binding}; the table below has the phases`}
        >
          <svg
            y={TOP}
            width="100%"
            height={HEIGHT}
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
          >
            {bands.map(({ name, swatch }, at) => (
              <path class={`part ${swatch}`} d={paths[at]}>
                <title>{name}</title>
              </path>
            ))}
            <line
              class="limit"
              x1="0"
              x2={WIDTH}
              y1={y(limit)}
              y2={y(limit)}
            />
          </svg>
          <text
            class="tick strong"
            x="100%"
            dx="-4"
            y={TOP + y(limit) - 5}
            text-anchor="end"
          >
            {own.gpu}: {formatBytes(limit)} usable
          </text>
          <line
            class="rule"
            x1={percent(top)}
            x2={percent(top)}
            y1={TOP + y(peak)}
            y2={TOP + HEIGHT}
          />
          <text
            class="tick strong"
            x={percent(top)}
            dx={top > points.length / 2 ? -4 : 4}
            y={TOP + y(peak) - 5}
            text-anchor={top > points.length / 2 ? "end" : "start"}
          >
            peak {formatBytes(peak)}
          </text>
          {starts.map(({ phase, at }) => (
            <g>
              <line
                class="rule"
                x1={percent(at)}
                x2={percent(at)}
                y1={TOP + HEIGHT}
                y2={TOP + HEIGHT + 6}
              />
              <text
                class="tick"
                x={percent(at)}
                dx={at > points.length * 0.6 ? 0 : 3}
                y={TOP + HEIGHT + 18}
                text-anchor={anchorAt(at / points.length)}
              >
                {phase}
              </text>
            </g>
          ))}
        </svg>
      </figure>
      <ul class="legend" aria-hidden="true">
        {bands.map(({ name, swatch }) => (
          <li>
            <span class={`swatch ${swatch}`} />
            {name}
          </li>
        ))}
      </ul>
      <details>
        <summary>Its largest tensors, and the phases as a table</summary>
        <ul class="largest">
          {largest.map((tensors) => <li>{tensorWords(tensors)}</li>)}
        </ul>
        <table>
          <thead>
            <tr>
              <th scope="col">Phase</th>
              <th scope="col" class="number">Begins with</th>
              <th scope="col" class="number">Peak</th>
              <th scope="col" class="number">Ends with</th>
            </tr>
          </thead>
          <tbody>
            {(memory.phases ?? []).map((phase) => <PhaseRow phase={phase} />)}
          </tbody>
        </table>
      </details>
    </section>
  );
}

const PHASES = [
  "rollout",
  "forward",
  "backward",
  "optimizer",
  "evaluation",
  "saving",
] as const;

/** Where a phase's name hangs, so that a late one is clear of the last. */
function anchorAt(share: number): "start" | "middle" | "end" {
  if (share > 0.9) return "end";
  return share > 0.6 ? "middle" : "start";
}

function PhaseRow({ phase }: { phase: Phase }) {
  const shown = (bytes: number | undefined) =>
    bytes === undefined ? "" : formatBytes(bytes);
  return (
    <tr>
      <th scope="row">{phase.name}</th>
      <td class="number">{shown(phase.start_bytes)}</td>
      <td class="number">{shown(phase.peak_bytes)}</td>
      <td class="number">{shown(phase.end_bytes)}</td>
    </tr>
  );
}

type Scale = (value: number) => number;

/** The outlines of bands that stand on each other: the floor of each is known. */
function pathsOf(bands: readonly Band[], x: Scale, y: Scale): string[] {
  const xs = bands[0]?.ranges.map((_, at) => Math.round(x(at))) ?? [];
  const edge = (heights: readonly number[]): string[] => {
    const ys = heights.map((height) => Math.round(y(height)));
    // Within a level stretch a point says nothing.
    return ys.flatMap((own, at) =>
      own === ys[at - 1] && own === ys[at + 1] ? [] : `${xs[at]},${own}`
    );
  };
  let floor = edge(xs.map(() => 0)).reverse();
  return bands.map(({ ranges }) => {
    const top = edge(ranges.map(([, high]) => high));
    const path = `M${top.join("L")}L${floor.join("L")}Z`;
    floor = top.reverse();
    return path;
  });
}
