/**
 * Model types whose experts were one parameter of all of them before
 * transformers 5 already; those of others were linear layers, each by itself.
 *
 * Source: transformers 4.57.1, the classes of experts in src/transformers/models
 */
const ALWAYS_STACKED: ReadonlySet<string> = new Set([
  "aria",
  "aria_text",
  "dbrx",
  "gpt_oss",
  "granitemoe",
  "granitemoehybrid",
  "granitemoeshared",
  "jetmoe",
  "llama4",
  "llama4_text",
  "qwen3_vl_moe",
  "qwen3_vl_moe_text",
]);

/**
 * Whether a type's experts are linear layers.
 *
 * @param major The major version of transformers; undefined where it is not said.
 */
export function expertsAreLinears(
  type: string,
  major: number | undefined,
): boolean {
  return major === 4 && !ALWAYS_STACKED.has(type);
}
