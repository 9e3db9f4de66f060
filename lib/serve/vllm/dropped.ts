import type { Model } from "../../models/model.ts";
import { typesOf } from "../language_config.ts";

/**
 * The last version of vLLM with code of its own for a type of model that it has
 * none for now. Some of these it runs with Transformers' code, others not at all.
 *
 * Source: vllm-project/vllm 0.33 model_executor/models/registry.py,
 * _PREVIOUSLY_SUPPORTED_MODELS
 */
const LAST_OWN: ReadonlyMap<string, string> = new Map([
  ["aquila", "0.24.0"],
  ["arctic", "0.28.0"],
  ["aya_vision", "0.24.0"],
  ["baichuan", "0.23.0"],
  ["bamba", "0.23.0"],
  ["chameleon", "0.28.0"],
  ["donut-swin", "0.10.2"],
  ["dots1", "0.23.0"],
  ["fuyu", "0.25.0"],
  ["grok-1", "0.24.0"],
  ["internlm", "0.23.0"],
  ["jais", "0.22.0"],
  ["minimax", "0.23.0"],
  ["minimax_m1", "0.23.0"],
  ["minimax_text_01", "0.23.0"],
  ["mllama", "0.10.2"],
  ["motif", "0.10.2"],
  ["mpt", "0.28.0"],
  ["ouro", "0.26.0"],
  ["persimmon", "0.25.0"],
  ["phi3small", "0.9.2"],
  ["phi4_multimodal", "0.12.0"],
  ["phi4flash", "0.10.2"],
  ["plamo2", "0.26.0"],
  ["qwen", "0.23.0"],
  ["telechat", "0.25.0"],
  ["xverse", "0.23.0"],
]);

/** What to know of a model that vLLM has no code of its own for any more. */
export function droppedRemarks(model: Model): string[] {
  const type = typesOf(model).find((name) => LAST_OWN.has(name));
  return type === undefined ? [] : [
    `vLLM's last version with code of its own for ${type} is ${
      LAST_OWN.get(type)
    }: that is meant, or Transformers' code is run`,
  ];
}
