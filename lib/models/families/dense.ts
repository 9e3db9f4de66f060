import type { ConfigReader } from "../tensors/config_reader.ts";
import { vocabularyHead } from "./blocks_classic.ts";
import { chatglm } from "./chatglm.ts";
import { cohere2 } from "./cohere2.ts";
import { deepseekV2, deepseekV3 } from "./deepseek.ts";
import type { Decoder, Family } from "./family.ts";
import { causal } from "./family.ts";
import { gemma, gemma2, gemma3 } from "./gemma.ts";
import { dots1, glm, glm4, glm4Moe } from "./glm.ts";
import { llama } from "./llama.ts";
import {
  apertus,
  arcee,
  bitnet,
  cohere,
  ernie,
  exaone4,
  granite,
  helium,
  hunyuanDense,
  nemotron,
  olmo,
  olmo2,
  seedOss,
  smollm3,
  starcoder2,
} from "./llama_kin.ts";
import { llama4Text } from "./llama4_text.ts";
import { minimax } from "./minimax.ts";
import {
  ernieMoe,
  gptOss,
  graniteMoe,
  hunyuanMoe,
  minimaxM2,
  mixtral,
  olmoe,
  qwen2Moe,
} from "./moe_kin.ts";
import { phi, phi3, phimoe } from "./phi.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3, qwen3Moe } from "./qwen3.ts";
import { baichuan, internlm2, minicpm } from "./remote_code.ts";
import { stablelm } from "./stablelm.ts";

/** Decoders of llama's lineage, dense and with experts. */
export const DENSE: Readonly<Record<string, Family>> = {
  apertus: causal(apertus),
  arcee: causal(arcee),
  bitnet: causal(bitnet),
  cohere: causal(cohere),
  cohere2: causal(cohere2),
  deepseek_v2: causal(deepseekV2),
  deepseek_v3: causal(deepseekV3),
  dots1: causal(dots1),
  ernie4_5: causal(ernie),
  ernie4_5_moe: withHeadBias(
    ernieMoe,
    (config) => config.flag("use_bias", false),
  ),
  exaone4: causal(exaone4),
  gemma: causal(gemma),
  gemma2: causal(gemma2),
  gemma3_text: causal(gemma3),
  glm: causal(glm),
  glm4: causal(glm4),
  glm4_moe: causal(glm4Moe),
  gpt_oss: causal(gptOss),
  granite: causal(granite),
  granitemoe: causal(graniteMoe),
  granitemoeshared: causal(graniteMoe),
  helium: causal(helium),
  hunyuan_v1_dense: causal(hunyuanDense),
  hunyuan_v1_moe: causal(hunyuanMoe),
  llama: causal(llama),
  llama4_text: causal(llama4Text),
  minimax: causal(minimax),
  minimax_m2: causal(minimaxM2),
  ministral: causal(llama),
  mistral: causal(llama),
  mixtral: causal(mixtral),
  nemotron: causal(nemotron),
  olmo: causal(olmo),
  olmo2: causal(olmo2),
  olmo3: causal(olmo2),
  olmoe: causal(olmoe),
  phi: withHeadBias(phi, () => true),
  phi3: causal(phi3),
  phimoe: withHeadBias(phimoe, (config) => config.flag("lm_head_bias", false)),
  qwen2: causal(qwen2),
  qwen2_moe: causal(qwen2Moe),
  qwen3: causal(qwen3),
  qwen3_moe: causal(qwen3Moe),
  seed_oss: causal(seedOss),
  smollm3: causal(smollm3),
  stablelm: causal(stablelm),
  starcoder2: causal(starcoder2),
  // Not in transformers.
  baichuan: causal(baichuan),
  chatglm,
  internlm2: causal(internlm2),
  minicpm: causal(minicpm),
};

/** A causal model whose head may have a bias, of its own even when tied. */
function withHeadBias(
  decoder: Decoder,
  hasBias: (config: ConfigReader) => boolean,
): Family {
  return (config, scope) => {
    decoder.body(config, scope.scope(decoder.prefix));
    const size = [
      config.size("hidden_size"),
      config.size("vocab_size"),
    ] as const;
    vocabularyHead(scope, "lm_head", size, {
      tied: config.flag("tie_word_embeddings", decoder.tied),
      bias: hasBias(config),
    });
  };
}
