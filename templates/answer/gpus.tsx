import { Fold } from "./fold.tsx";
import type { Estimate, Fit } from "../../lib/mod.ts";
import { fitState } from "../fit_state.ts";
import { PAGE_FIELDS } from "../form/page_fields.ts";
import {
  findGpu,
  formatBytes,
  fullness,
  GPUS,
  heldBytes,
  tierFor,
  TIERS,
  toQuery,
} from "../../lib/mod.ts";

/** GPUs shown in each class before "all of them". */
const SHOWN_PER_CLASS = 2;

const VERDICTS = {
  comfortable: "fits",
  recommended: "fits",
  tight: "tight",
  over: "too small",
} as const;

/** Which sizes of memory and which GPUs hold the peak. */
export function Gpus(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  if (estimate.serve) {
    return <ServingGpus estimate={estimate} headers={headers} />;
  }
  const peak = heldBytes(estimate.memory);
  const tier = tierFor(peak);
  return (
    <Fold id="gpus" title="GPUs it fits">
      <p>
        {tier === null
          ? `No GPU class up to ${TIERS.at(-1)?.name} holds ${
            formatBytes(peak)
          } at 80 % of its memory.`
          : `The least class that holds it at 80 % of its memory: ${tier.name}, such as ${tier.gpu}.`}
      </p>
      <ul class="tiers" aria-label="Classes of GPU memory">
        {TIERS.map(({ name, usable_bytes }) => {
          const used = peak / usable_bytes;
          const state = fullness(used);
          return (
            <li class={state}>
              <strong>{name}</strong>
              <span>{(100 * used).toFixed(0)} % · {VERDICTS[state]}</span>
            </li>
          );
        })}
      </ul>
      <SmallestGpus
        estimate={estimate}
        headers={headers}
        caption="The smallest that fit"
      />
    </Fold>
  );
}

/** A few GPUs that are enough, and the way to all of them. */
function SmallestGpus(
  { estimate, headers, caption }: {
    estimate: Estimate;
    headers: boolean;
    caption: string;
  },
) {
  const query = toQuery(estimate.scenario);
  const own = headers ? `&${PAGE_FIELDS.countFrom}=headers` : "";
  return (
    <>
      <FitTable
        estimate={estimate}
        fits={recommended(estimate)}
        caption={caption}
      />
      <p>
        <a href={`/gpus?${query}${own}`}>
          All {GPUS.length} GPUs against this scenario
        </a>
      </p>
    </>
  );
}

/** The smallest GPUs that serve the same. */
function ServingGpus(
  { estimate, headers }: { estimate: Estimate; headers: boolean },
) {
  return (
    <Fold id="gpus" title="GPUs that serve it">
      <SmallestGpus
        estimate={estimate}
        headers={headers}
        caption="The smallest that do"
      />
    </Fold>
  );
}

/** GPUs in a table: usable memory, what is left, how full. */
export function FitTable(
  { estimate, fits, caption }: {
    estimate: Pick<Estimate, "serve">;
    fits: readonly Fit[];
    caption: string;
  },
) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">GPU</th>
            <th scope="col">Class</th>
            <th scope="col" class="number">Usable</th>
            <th scope="col" class="number">Left</th>
            <th scope="col" class="number">Used</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {fits.map((fit) => {
            const gpu = findGpu(fit.gpu);
            const state = fitState(estimate, fit);
            return (
              <tr>
                <th scope="row">{fit.gpu}</th>
                <td>{gpu ? `${gpu.vendor} ${gpu.class}` : "custom"}</td>
                <td class="number">{formatBytes(fit.usable_bytes)}</td>
                <td class="number">{formatBytes(fit.headroom_bytes)}</td>
                <td class="number">{(100 * fit.utilization).toFixed(0)} %</td>
                <td>
                  <span class={`state ${state}`}>{VERDICTS[state]}</span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The scenario's own GPU, then the smallest of each class that fit by the rule. */
function recommended(estimate: Pick<Estimate, "serve" | "fit">): Fit[] {
  const [own, ...others] = estimate.fit;
  const left = new Map<string, number>();
  const shown = others.filter((fit) => {
    const state = fitState(estimate, fit);
    if (state === "over" || state === "tight") return false;
    const kind = findGpu(fit.gpu)?.class ?? "custom";
    const taken = left.get(kind) ?? 0;
    left.set(kind, taken + 1);
    return taken < SHOWN_PER_CLASS;
  });
  return own ? [own, ...shown] : shown;
}
