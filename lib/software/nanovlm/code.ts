import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { ModelCode } from "../model_code.ts";
import { hasPlaceholders, numberInConfig, tokensOfImage } from "./config.ts";
import { keptByLoop } from "./kept.ts";
import { directLoss } from "./loss.ts";
import { nanoVlmSight } from "./sight.ts";

/**
 * nanoVLM's own code: a language model of llama's build, whose loss reads text
 * tokens' logits where images stand before the text.
 *
 * Source: huggingface/nanoVLM models, measure_vram.py and train.py
 *
 * @param usual The code that a scenario names.
 */
export function nanoVlmCode(
  usual: ModelCode,
  scenario: Scenario,
  model: Model,
): ModelCode {
  const { train } = scenario;
  const dropout = numberInConfig(model, "lm_dropout", 0);
  const overwrites = hasPlaceholders(model);
  const rows = train.micro_batch * train.sequence_length;
  const images = train.micro_batch * train.images_per_sample *
    tokensOfImage(model);
  return {
    ...usual,
    rotary: { ...usual.rotary, ofSequences: true },
    masksOf: () => [],
    keyMask: true,
    unpads: false,
    fillsCache: overwrites,
    holdsEmbeddings: false,
    dropout: { attention: dropout, residual: dropout, embedding: 0 },
    loss: {
      ...usual.loss,
      own: directLoss(overwrites ? rows : rows - images),
    },
    kept: () => keptByLoop(scenario, model),
    sightOf: nanoVlmSight,
  };
}
