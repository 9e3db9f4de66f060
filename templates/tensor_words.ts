import type { Estimate } from "../lib/mod.ts";
import { formatBytes, GIB } from "../lib/mod.ts";

type Tensors = NonNullable<Estimate["largest"]>[number];

/** Like tensors in words: "32 × 112.0 MiB = 3.50 GiB MLP gate". */
export function tensorWords({ label, count, bytes }: Tensors): string {
  return count > 1
    ? `${count} × ${sizeOfOne(bytes / count)} = ${formatBytes(bytes)} ${label}`
    : `${formatBytes(bytes)} ${label}`;
}

/** Hundredths of a GiB are too coarse for what is multiplied. */
function sizeOfOne(bytes: number): string {
  return bytes >= GIB || bytes < GIB / 10
    ? formatBytes(bytes)
    : `${(bytes / GIB * 1024).toFixed(1)} MiB`;
}
