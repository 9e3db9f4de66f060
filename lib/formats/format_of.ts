import type { WeightPacking } from "./weight_packing.ts";

/** What a Scenario calls a packing: "awq-int4", "fp8", "nvfp4", … */
export function formatOf(
  { layout, kind, bits, group, nested }: WeightPacking,
): string {
  if (layout === "exl2" || layout === "exl3") return `${layout}:${bits}`;
  if (layout === "bitsandbytes" && bits === 4) return nested ? "nf4-dq" : "nf4";
  if (kind === "float") {
    if (bits === 8) return group === 32 ? "mxfp8" : "fp8";
    if (bits === 4) return group === 32 ? "mxfp4" : "nvfp4";
    return `fp${bits}`;
  }
  const own = layout === "gptq" || layout === "awq" || layout === "hqq";
  return own ? `${layout}-int${bits}` : `int${bits}`;
}
