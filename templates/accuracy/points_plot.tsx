import type { MeasuredPoint } from "../../lib/evidence/measured_points.ts";
import { GIB } from "../../lib/mod.ts";
import { counterWords } from "../evidence_words.ts";
import { MEMORY_COUNTERS } from "../../lib/evidence/figure.ts";

/** The drawing's own units. */
const SIDE = 460;
const LEFT = 56;
const TOP = 12;
const BELOW = 44;
/** Predictions off by more than this lie outside of the dotted lines. */
const OFF = 0.1;

/** Measured memory against predicted, both in GiB and in powers of ten. */
export function PointsPlot(
  { points, title }: {
    points: readonly MeasuredPoint[];
    /** What it shows, in words. */
    title: string;
  },
) {
  const sizes = points.flatMap(({ measured_bytes, error }) => [
    measured_bytes / GIB,
    measured_bytes * (1 + error) / GIB,
  ]).filter((size) => size > 0);
  const low = Math.floor(Math.log10(Math.min(1, ...sizes)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, ...sizes))));
  const place = (gib: number) => SIDE * (Math.log10(gib) - low) / (high - low);
  const x = (gib: number) => round(LEFT + place(gib));
  const y = (gib: number) => round(TOP + SIDE - place(gib));
  const ticks = Array.from(
    { length: high - low + 1 },
    (_, at) => 10 ** (low + at),
  );
  const line = (share: number) => {
    const from = Math.max(10 ** low, 10 ** low / share);
    const to = Math.min(10 ** high, 10 ** high / share);
    return `M${x(from)} ${y(from * share)}L${x(to)} ${y(to * share)}`;
  };
  return (
    <figure class="points">
      <svg
        viewBox={`0 0 ${LEFT + SIDE + 20} ${TOP + SIDE + BELOW}`}
        role="img"
        aria-label={title}
      >
        {ticks.map((tick) => (
          <g>
            <path
              class="grid"
              d={`M${x(tick)} ${TOP}v${SIDE}M${LEFT} ${y(tick)}h${SIDE}`}
            />
            <text
              class="tick"
              x={x(tick)}
              y={TOP + SIDE + 17}
              text-anchor="middle"
            >
              {tick}
            </text>
            <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {tick}
            </text>
          </g>
        ))}
        <path class="right" d={line(1)} />
        <path class="off" d={line(1 + OFF) + line(1 - OFF)} />
        {MEMORY_COUNTERS.map((counter) => (
          <path
            class={`point ${counter}`}
            d={points.filter((each) => each.counter === counter).map((
              { measured_bytes, error },
            ) =>
              error <= -1 ? "" : markOf(
                counter,
                x(measured_bytes / GIB),
                y(measured_bytes * (1 + error) / GIB),
              )
            ).join("")}
          />
        ))}
        <text
          class="tick"
          x={LEFT + SIDE / 2}
          y={TOP + SIDE + 36}
          text-anchor="middle"
        >
          measured, GiB
        </text>
        <text
          class="tick"
          transform={`translate(14 ${TOP + SIDE / 2}) rotate(-90)`}
          text-anchor="middle"
        >
          predicted, GiB
        </text>
      </svg>
      <figcaption>
        <ul class="legend">
          {MEMORY_COUNTERS.map((counter) => (
            <li>
              <svg
                width="14"
                height="14"
                role="img"
                aria-label={`Mark of ${counterWords(counter)}`}
              >
                <path class={`point ${counter}`} d={markOf(counter, 7, 7)} />
              </svg>{" "}
              {counterWords(counter)}
            </li>
          ))}
        </ul>
        On the line a prediction is right, between the dotted lines within 10 %.
      </figcaption>
    </figure>
  );
}

/** Shapes differ as well as colours. */
function markOf(counter: string, x: number, y: number): string {
  switch (counter) {
    case "allocated_peak":
      return `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0-6 0z`;
    case "allocated_steady":
      return `M${x} ${y - 4}l4 4l-4 4l-4-4z`;
    case "reserved_peak":
      return `M${x - 3} ${y - 3}h6v6h-6z`;
    default:
      return `M${x} ${y - 4}l4 7h-8z`;
  }
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
