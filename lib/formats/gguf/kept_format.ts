import type { Model } from "../../models/model.ts";

/** Models that are published in MXFP4 alone. */
const PUBLISHED_MXFP4 = new Set(["gpt_oss", "gpt-oss"]);

/**
 * What llama.cpp's converter keeps of a published format: MXFP4 and NVFP4 are
 * ggml's own, others become floating-point again.
 *
 * Source: llama.cpp conversion/base.py, ModelBase.prepare_tensors.
 *
 * @returns The format, or null where all is floating-point.
 */
export function keptFormat(
  { config, architecture }: Model,
): "mxfp4" | "nvfp4" | null {
  const stated = config?.quantization_config;
  const { quant_method: method, quant_algo: algorithm } =
    typeof stated === "object" && stated !== null
      ? stated as Record<string, unknown>
      : {};
  if (method === "mxfp4" || PUBLISHED_MXFP4.has(architecture.type)) {
    return "mxfp4";
  }
  return method === "modelopt" && algorithm === "NVFP4" ? "nvfp4" : null;
}
