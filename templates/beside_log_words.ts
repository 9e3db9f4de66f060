import type { BesideLog } from "../lib/mod.ts";
import { formatBytes, groupDigits } from "../lib/mod.ts";

const NAMES: Readonly<Record<BesideLog["name"], string>> = {
  weights_bytes: "Weights",
  kv_pool_bytes: "KV cache",
  kv_tokens: "Tokens of the cache",
  max_concurrency: "Longest sequences at once",
  compute_bytes: "Compute",
  graph_bytes: "CUDA graphs",
};

/** What a row of a log's figures is called, and its cells. */
export interface BesideLogCells {
  name: string;
  logged: string;
  estimated: string;
  off: string;
}

/** A log's figure beside the estimate's, in words. */
export function besideLogCells(row: BesideLog): BesideLogCells {
  const { name, device, logged, estimated, off, within_rounding } = row;
  return {
    name: device === null ? NAMES[name] : `${NAMES[name]}, ${device}`,
    logged: valueText(name, logged),
    estimated: estimated === null ? "not told" : valueText(name, estimated),
    off: within_rounding
      ? "as printed"
      : off === null
      ? ""
      : `${off > 0 ? "+" : ""}${
        (100 * off).toFixed(Math.abs(off) < 0.01 ? 2 : 1)
      } %`,
  };
}

function valueText(name: BesideLog["name"], value: number): string {
  if (name.endsWith("_bytes")) return formatBytes(value);
  return name === "kv_tokens" ? groupDigits(value) : value.toFixed(2);
}
