import type { Config } from "../../config.ts";
import { numberOf } from "./setting.ts";

/**
 * Whether a layer has an indexer of its own; others read the last one's.
 *
 * Source: huggingface/transformers 5.23.0 models/glm_moe_dsa/
 * configuration_glm_moe_dsa.py
 *
 * @param turn Every how many layers one has it, where the config does not say.
 * @param offset How many begin with one.
 */
export function hasIndexer(
  text: Config,
  layer: number,
  [turn, offset]: readonly [turn: number, offset: number] = [1, 2],
): boolean {
  const listed = text["indexer_types"] ?? text["index_topk_pattern"];
  if (typeof listed === "string") return listed[layer] !== "S";
  if (Array.isArray(listed)) {
    return listed[layer] !== "shared" && listed[layer] !== "S";
  }
  const every = Math.max(1, numberOf(text, [["index_topk_freq"], turn]));
  const first = numberOf(text, [["index_skip_topk_offset"], offset]);
  return Math.max(layer - first + 1, 0) % every === 0;
}
