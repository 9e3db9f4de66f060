// @ts-types="@types/d3-scale"
import { scaleLog } from "d3-scale";
import type { SymbolType } from "d3-shape";
// @ts-types="@types/d3-shape"
import * as shapes from "d3-shape";
import { raw } from "hono/html";
import type { Accuracy } from "../../lib/ask/accuracy.ts";
import type { Prediction } from "../../lib/evidence/predict.ts";
import { GIB } from "../../lib/mod.ts";

/** One counter's marks. Shapes and colours both tell them apart. */
interface Mark {
  counter: string;
  label: string;
  shape: SymbolType;
  /** On white and on black. */
  colors: [light: string, dark: string];
}

/** The colours differ in lightness too, after Okabe and Ito's for all eyes. */
const MARKS: readonly Mark[] = [
  {
    counter: "allocated_peak",
    label: "allocated, peak",
    shape: shapes.symbolCircle,
    colors: ["#0067a3", "#6cbcf0"],
  },
  {
    counter: "allocated_steady",
    label: "allocated, steady",
    shape: shapes.symbolTriangle,
    colors: ["#a84300", "#ff9a52"],
  },
  {
    counter: "reserved_peak",
    label: "reserved, peak",
    shape: shapes.symbolSquare,
    colors: ["#00694f", "#37cba6"],
  },
  {
    counter: "device_peak",
    label: "device, peak",
    shape: shapes.symbolDiamond,
    colors: ["#85306b", "#e8a3d2"],
  },
  {
    counter: "step_peak",
    label: "traced step, peak",
    shape: shapes.symbolCross,
    colors: ["#5e4b00", "#f2d24b"],
  },
];

/** Panels beside each other, and their measures in pixels. */
const COLUMNS = 2;
const SIDE = 330;
const MARGIN = { left: 62, right: 22, top: 34, bottom: 50 };
const PANEL = {
  width: MARGIN.left + SIDE + MARGIN.right,
  height: MARGIN.top + SIDE + MARGIN.bottom,
};
const LEGEND_ROW = 22;
/** The area of a mark, in square pixels. */
const AREA = 26;
/** How far the dotted lines are from right. */
const OFF = 0.2;

interface Point {
  mark: Mark;
  measured: number;
  predicted: number;
}

/**
 * Draws what each method predicts against what was measured, a panel each, both
 * axes logarithmic, as an SVG file of its own.
 */
export function scatterSvg({ methods, predictions }: Accuracy): string {
  const panels = methods.map((method) => ({
    method,
    points: predictions.filter((each) => each.method === method)
      .flatMap(pointOf),
  }));
  const domain = decades(panels.flatMap(({ points }) => points));
  const columns = Math.min(COLUMNS, panels.length);
  const rows = Math.ceil(panels.length / columns);
  const width = columns * PANEL.width;
  const perRow = 2 * columns;
  const height = rows * PANEL.height +
    Math.ceil(MARKS.length / perRow) * LEGEND_ROW + 8;
  const drawn = panels.reduce((sum, { points }) => sum + points.length, 0);
  const svg = (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-labelledby="title description"
    >
      <title id="title">Predicted against measured memory</title>
      <desc id="description">
        {`${drawn} figures in ${panels.length} ${
          panels.length === 1 ? "panel" : "panels"
        }, one for each method (${
          methods.join(", ")
        }). Measured memory to the right and predicted memory upwards, both in GiB on logarithmic axes; on the diagonal both are the same, and the dotted lines are 20 % off. The tables of accuracy.md hold the scores.`}
      </desc>
      <style>{raw(styles())}</style>
      <rect class="ground" width={width} height={height} />
      <defs>
        {MARKS.map(({ counter, shape }) => (
          <path
            id={counter}
            d={shapes.symbol(shape, AREA)() ?? ""}
          />
        ))}
      </defs>
      {panels.map(({ method, points }, at) => (
        <g
          transform={`translate(${(at % columns) * PANEL.width} ${
            Math.floor(at / columns) * PANEL.height
          })`}
        >
          <Panel method={method} points={points} domain={domain} />
        </g>
      ))}
      {MARKS.map(({ counter, label }, at) => (
        <g
          transform={`translate(${
            MARGIN.left + (at % perRow) * (width - MARGIN.left) / perRow
          } ${
            rows * PANEL.height + Math.floor(at / perRow) * LEGEND_ROW + 10
          })`}
        >
          <use href={`#${counter}`} class={counter} />
          <text class="label" x="10" y="4">{label}</text>
        </g>
      ))}
    </svg>
  );
  return `${svg.toString()}\n`;
}

function Panel(
  { method, points, domain }: {
    method: string;
    points: readonly Point[];
    domain: [number, number];
  },
) {
  const x = scaleLog(domain, [MARGIN.left, MARGIN.left + SIDE]);
  const y = scaleLog(domain, [MARGIN.top + SIDE, MARGIN.top]);
  const [low, high] = domain;
  const ticks = powersOfTen(domain);
  return (
    <>
      <text class="name" x={MARGIN.left} y={MARGIN.top - 12}>{method}</text>
      {ticks.map((tick) => (
        <>
          <path
            class="grid"
            d={`M${px(x(tick))} ${MARGIN.top}v${SIDE}M${MARGIN.left} ${
              px(y(tick))
            }h${SIDE}`}
          />
          <text
            class="label"
            text-anchor="middle"
            x={px(x(tick))}
            y={MARGIN.top + SIDE + 17}
          >
            {tick}
          </text>
          <text
            class="label"
            text-anchor="end"
            x={MARGIN.left - 7}
            y={px(y(tick) + 4)}
          >
            {tick}
          </text>
        </>
      ))}
      <path class="right" d={lineAt(1)} />
      <path class="off" d={lineAt(1 + OFF) + lineAt(1 - OFF)} />
      <text
        class="label"
        text-anchor="middle"
        x={MARGIN.left + SIDE / 2}
        y={MARGIN.top + SIDE + 37}
      >
        measured, GiB
      </text>
      <text
        class="label"
        text-anchor="middle"
        transform={`translate(16 ${MARGIN.top + SIDE / 2}) rotate(-90)`}
      >
        predicted, GiB
      </text>
      {MARKS.map(({ counter }) => (
        <g class={counter}>
          {points.filter(({ mark }) => mark.counter === counter).map((
            { measured, predicted },
          ) => (
            <use
              href={`#${counter}`}
              x={px(x(measured))}
              y={px(y(predicted))}
            />
          ))}
        </g>
      ))}
    </>
  );

  /** The line on which predictions are so many times what was measured. */
  function lineAt(share: number): string {
    const from = Math.max(low, low / share);
    const to = Math.min(high, high / share);
    return `M${px(x(from))} ${px(y(from * share))}L${px(x(to))} ${
      px(y(to * share))
    }`;
  }
}

function pointOf({ reading, figure }: Prediction): Point[] {
  const mark = MARKS.find(({ counter }) => counter === reading.counter);
  if (!mark || !figure || figure.bytes <= 0) return [];
  return [{
    mark,
    measured: reading.bytes / GIB,
    predicted: figure.bytes / GIB,
  }];
}

/** The powers of ten around all points. */
function decades(points: readonly Point[]): [number, number] {
  const all = points.flatMap(({ measured, predicted }) => [
    measured,
    predicted,
  ]);
  if (all.length === 0) return [1, 100];
  const logs = all.map(Math.log10);
  const low = Math.floor(logs.reduce((a, b) => Math.min(a, b)));
  const high = Math.ceil(logs.reduce((a, b) => Math.max(a, b)));
  return [10 ** low, 10 ** Math.max(high, low + 1)];
}

function powersOfTen([low, high]: [number, number]): number[] {
  const first = Math.round(Math.log10(low));
  const count = Math.round(Math.log10(high)) - first + 1;
  return Array.from({ length: count }, (_, at) => 10 ** (first + at));
}

function px(value: number): string {
  return String(Math.round(10 * value) / 10);
}

function styles(): string {
  const colors = (dark: 0 | 1): string =>
    MARKS.map(({ counter, colors }) =>
      `.${counter}{fill:${colors[dark]};stroke:${colors[dark]}}`
    ).join("");
  return `text{font:12px system-ui,sans-serif}` +
    `.name{font-size:15px;font-weight:600}` +
    `.ground{fill:#fff}.name,.label{fill:#14201e}` +
    `.grid{stroke:#d3dbd9}.right,.off{stroke:#50605d;fill:none}` +
    `.off{stroke-dasharray:2 4}use{fill-opacity:.35}${colors(0)}` +
    `@media(prefers-color-scheme:dark){.ground{fill:#101615}` +
    `.name,.label{fill:#e8efed}.grid{stroke:#33403d}` +
    `.right,.off{stroke:#9fb0ac}${colors(1)}}`;
}
