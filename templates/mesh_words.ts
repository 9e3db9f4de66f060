import type { Estimate } from "../lib/mod.ts";
import { CACHES_AS_ASKED } from "../lib/mod.ts";

/** How the work is spread over GPUs: "dp 2 × tp 4 × pp 1 × cp 1". */
export function meshWords({ scenario, serve }: Estimate): string {
  const { gpus, tp, pp, cp } = scenario.parallel;
  return serve && tp * pp * cp === 1 && CACHES_AS_ASKED.has(serve.engine)
    ? "layers dealt out to them"
    : `dp ${gpus / (tp * pp * cp)} × tp ${tp} × pp ${pp} × cp ${cp}`;
}
