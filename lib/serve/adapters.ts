import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { LayerStage } from "./stages.ts";
import { layersIn } from "./stages.ts";

/** The largest rank of an adapter where it is not given. */
const USUAL_RANK = 16;
/** Adapters lie in 16 bits. */
const ELEMENT_BYTES = 2;
/** What adapters join: projections of attention and of MLPs, experts left out. */
const JOINED: ReadonlySet<string> = new Set([
  "q",
  "k",
  "v",
  "qkv",
  "o",
  "gate",
  "up",
  "gate_up",
  "down",
]);

/**
 * Slots for adapters on a rank: for each projection one matrix of as many rows as
 * the largest rank and one of as many columns, cut like the projection's outputs or
 * inputs.
 *
 * Source: vllm-project/vllm lora/layers; sgl-project/sglang srt/lora/mem_pool.py
 */
export function adapterBytes(
  { model, mesh: { tp } }: { readonly model: Model; readonly mesh: Mesh },
  stage: LayerStage,
  { max_loras, max_lora_rank }: Scenario["serve"],
): number {
  if (max_loras === null) return 0;
  const rank = max_lora_rank ?? USUAL_RANK;
  let elements = 0;
  for (const { shape, role, layers, expert, split, piece } of model.tensors) {
    if (expert || layers === null || shape.length !== 2) continue;
    if (piece !== "language_model" || !JOINED.has(role)) continue;
    const [outputs = 0, inputs = 0] = shape;
    const out = split === 0 ? outputs / tp : outputs;
    const into = split === 1 ? inputs / tp : inputs;
    elements += (out + into) * rank * layersIn(layers, stage);
  }
  return Math.ceil(elements) * max_loras * ELEMENT_BYTES;
}
