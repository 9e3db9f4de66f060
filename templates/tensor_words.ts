import type { Estimate } from "../lib/mod.ts";
import { formatBytes } from "../lib/mod.ts";

type Tensors = NonNullable<Estimate["largest"]>[number];

/** Like tensors in words: "32 × 0.11 GiB = 3.50 GiB MLP gate". */
export function tensorWords({ label, count, bytes }: Tensors): string {
  return count > 1
    ? `${count} × ${formatBytes(bytes / count)} = ${
      formatBytes(bytes)
    } ${label}`
    : `${formatBytes(bytes)} ${label}`;
}
