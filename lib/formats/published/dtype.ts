import type { Config } from "../../models/config.ts";
import type { WeightScheme } from "../scheme.ts";
import { isRecord } from "./settings.ts";

/** Types by their names in configs. */
const DTYPES: Readonly<Record<string, WeightScheme["plain"]>> = {
  bfloat16: "bf16",
  float16: "fp16",
  half: "fp16",
  float32: "fp32",
  float: "fp32",
};

/**
 * The type that a config says its checkpoint has; null where it says none that is
 * known.
 */
export function dtypeOfConfig(
  config: Config | undefined,
): WeightScheme["plain"] | null {
  const text = config?.["text_config"];
  for (const part of [config, isRecord(text) ? text : undefined]) {
    for (const key of ["dtype", "torch_dtype"]) {
      const name = part?.[key];
      if (typeof name !== "string") continue;
      const plain = name.replace(/^torch\./, "");
      if (Object.hasOwn(DTYPES, plain)) return DTYPES[plain] ?? null;
    }
  }
  return null;
}
