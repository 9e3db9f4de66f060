import type { Estimate, RankRow } from "../../lib/mod.ts";
import { formatBytes, groupDigits, toQuery } from "../../lib/mod.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import { swatch } from "./swatch.ts";

/** Height of a row of the picture, and of the bar in it. */
const ROW = 22;
const BAR = 16;
/** Where bars begin: names stand before. */
const LEFT = 18;
/** More classes than these are summed up. */
const SHOWN = 16;
/** A narrower share of the picture is not seen. */
const SEEN = 0.3;

/** What stands on each class of ranks at its peak; nothing where all are alike. */
export function Ranks(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  const ranks = estimate.memory.ranks ?? [];
  if (ranks.length < 2) return null;
  const { scenario } = estimate;
  const shown = ranks.slice(0, SHOWN);
  const drawn = shown.toSorted((a, b) => a.global_rank - b.global_rank);
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  const link = (rank: number) =>
    `/?${
      toQuery({ ...scenario, parallel: { ...scenario.parallel, rank } })
    }${own}`;
  return (
    <section class="card" aria-labelledby="ranks-title">
      <h3 id="ranks-title">The ranks</h3>
      <Picture ranks={drawn} usable={estimate.fit[0]?.usable_bytes ?? 0} />
      <div
        class="scroll"
        tabindex={0}
        role="region"
        aria-label="Table of ranks"
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Ranks</th>
              <th scope="col" class="number">GPUs</th>
              <th scope="col" class="number">Allocated</th>
              <th scope="col" class="number">Device</th>
              <th scope="col">What decides</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr>
                <th scope="row">
                  <a href={link(row.global_rank)}>{row.rank}</a>
                </th>
                <td class="number">{groupDigits(row.gpus)}</td>
                <td class="number">{formatBytes(row.allocated_peak_bytes)}</td>
                <td class="number">{formatBytes(row.device_peak_bytes)}</td>
                <td>{row.binding}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {ranks.length > SHOWN && (
        <p>
          {ranks.length - SHOWN}{" "}
          more classes of ranks take less; the JSON has them all.
        </p>
      )}
    </section>
  );
}

/** A bar a class: what stands at its peak, against the GPU's usable memory. */
function Picture(
  { ranks, usable }: { ranks: readonly RankRow[]; usable: number },
) {
  const most = Math.max(
    usable,
    ...ranks.map((row) => row.allocated_peak_bytes),
  );
  const width = (bytes: number) => (100 - LEFT) * bytes / most;
  const x = (bytes: number) => `${(LEFT + width(bytes)).toFixed(1)}%`;
  return (
    <figure class="bar">
      <svg
        width="100%"
        height={ROW * ranks.length + 4}
        role="img"
        aria-label="What is allocated on each class of ranks at its peak; the table below has the figures"
      >
        {ranks.map((row, at) => {
          let from = 0;
          return (
            <g>
              <text class="tick" x="0" y={ROW * at + 13}>{row.rank}</text>
              {row.parts.map(({ name, bytes }) => {
                const start = from;
                from += bytes;
                return width(bytes) > SEEN && (
                  <rect
                    class={`part ${swatch(name)}`}
                    x={x(start)}
                    y={ROW * at}
                    width={`${width(bytes).toFixed(1)}%`}
                    height={BAR}
                  >
                    <title>{`${name}: ${formatBytes(bytes)}`}</title>
                  </rect>
                );
              })}
            </g>
          );
        })}
        <line
          class="limit"
          x1={x(usable)}
          x2={x(usable)}
          y1="0"
          y2={ROW * ranks.length}
        />
      </svg>
    </figure>
  );
}
