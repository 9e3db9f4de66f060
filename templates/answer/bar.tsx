import type { Estimate } from "../../lib/mod.ts";
import { formatBytes, RECOMMENDED } from "../../lib/mod.ts";
import { devicePartsOf } from "../device_parts.ts";
import { swatch } from "./swatch.ts";

const BAR_TOP = 26;
const BAR_HEIGHT = 44;
/** Where the band of doubt lies, under the bar. */
const BAND_Y = BAR_TOP + BAR_HEIGHT + 26;
const HEIGHT = 118;
/** A segment narrower than this share of the picture has no room for a name... */
const LABELLED = 0.13;
/** ...and one with less than this for each of its letters none for that one. */
const LETTER = 0.011;
/** A narrower one is not seen; the table has it all the same. */
const SEEN = 0.0005;

/** The parts stacked against the GPU's usable memory; the table repeats them. */
export function Bar(
  { estimate, upTo = 0 }: {
    estimate: Estimate;
    /** What the picture has to reach to at least, in bytes. */
    upTo?: number;
  },
) {
  const own = estimate.fit[0];
  if (!own) return null;
  const { device_peak_bytes: peak, low_bytes, high_bytes } = estimate.memory;
  const { parts: listed, beside } = devicePartsOf(estimate);
  const parts = [...listed, ...beside];
  const limit = own.usable_bytes;
  const scale = 100 / (Math.max(peak, limit, high_bytes ?? 0, upTo) * 1.01);
  const percent = (bytes: number): string => `${(bytes * scale).toFixed(2)}%`;
  const starts = parts.map((_, at) =>
    parts.slice(0, at).reduce((sum, part) => sum + part.bytes, 0)
  );
  const limitOnRight = limit * scale > 50;
  return (
    <figure class="bar">
      <svg
        width="100%"
        height={HEIGHT}
        role="img"
        aria-label={`${formatBytes(peak)} stacked against ${
          formatBytes(limit)
        } usable on ${own.gpu}; the table below lists the parts`}
      >
        <rect
          class="usable"
          x="0"
          y={BAR_TOP}
          width={percent(limit)}
          height={BAR_HEIGHT}
        />
        {parts.map((part, at) =>
          part.bytes * scale > 100 * SEEN && (
            <g>
              <rect
                class={`part ${swatch(part.name)}`}
                x={percent(starts[at] ?? 0)}
                y={BAR_TOP}
                width={percent(part.bytes)}
                height={BAR_HEIGHT}
              >
                <title>{`${part.name}: ${formatBytes(part.bytes)}`}</title>
              </rect>
              {part.bytes * scale > 100 * roomFor(part.name) && (
                <text
                  class={`name on-${swatch(part.name)}`}
                  x={percent((starts[at] ?? 0) + part.bytes / 2)}
                  y={BAR_TOP + BAR_HEIGHT / 2 + 4}
                >
                  {part.name}
                </text>
              )}
            </g>
          )
        )}
        {low_bytes !== null && high_bytes !== null && low_bytes < high_bytes &&
          (
            <g class="band">
              <title>
                {`Nine measured runs in ten: ${formatBytes(low_bytes)} to ${
                  formatBytes(high_bytes)
                }`}
              </title>
              <line
                x1={percent(low_bytes)}
                x2={percent(high_bytes)}
                y1={BAND_Y}
                y2={BAND_Y}
              />
              {[low_bytes, high_bytes].map((end) => (
                <line
                  x1={percent(end)}
                  x2={percent(end)}
                  y1={BAND_Y - 5}
                  y2={BAND_Y + 5}
                />
              ))}
              <text
                class="tick"
                x={percent(high_bytes * scale > 50 ? high_bytes : low_bytes)}
                y={BAND_Y + 18}
                text-anchor={high_bytes * scale > 50 ? "end" : "start"}
              >
                nine measured runs in ten
              </text>
            </g>
          )}
        <line
          class="rule"
          x1={percent(limit * RECOMMENDED)}
          x2={percent(limit * RECOMMENDED)}
          y1={BAR_TOP - 4}
          y2={BAR_TOP + BAR_HEIGHT + 4}
        />
        <text
          class="tick"
          x={percent(limit * RECOMMENDED)}
          y={BAR_TOP + BAR_HEIGHT + 17}
          text-anchor="middle"
        >
          80 %
        </text>
        <line
          class="limit"
          x1={percent(limit)}
          x2={percent(limit)}
          y1={BAR_TOP - 8}
          y2={BAR_TOP + BAR_HEIGHT + 8}
        />
        <text
          class="tick strong"
          x={percent(limit)}
          dx={limitOnRight ? -6 : 6}
          y="14"
          text-anchor={limitOnRight ? "end" : "start"}
        >
          {own.gpu}: {formatBytes(limit)} usable
        </text>
      </svg>
    </figure>
  );
}

/** The share of the picture that a segment's name takes. */
function roomFor(name: string): number {
  return Math.max(LABELLED, LETTER * name.length);
}
