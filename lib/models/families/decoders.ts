import { cohere2 } from "./cohere2.ts";
import { deepseekV3 } from "./deepseek.ts";
import type { Decoder } from "./family.ts";
import { gemma, gemma2, gemma3 } from "./gemma.ts";
import { glm, glm4, glm4Moe } from "./glm.ts";
import { glm4vMoeText, glm4vText, glmOcrText } from "./glm4v_text.ts";
import { mistral4 } from "./latent.ts";
import { llama } from "./llama.ts";
import { llama4Text } from "./llama4_text.ts";
import {
  cohere,
  exaone4,
  granite,
  olmo2,
  smollm3,
  starcoder2,
} from "./llama_kin.ts";
import { mllamaText } from "./mllama_text.ts";
import { gptOss, mixtral, qwen2Moe } from "./moe_kin.ts";
import { phi, phi3 } from "./phi.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3, qwen3Moe } from "./qwen3.ts";
import { stablelm } from "./stablelm.ts";

/** Text decoders by their `model_type`, as towers are put before them. */
export const DECODERS: Readonly<Record<string, Decoder>> = {
  cohere,
  cohere2,
  deepseek_v3: deepseekV3,
  kimi_k2: deepseekV3,
  exaone4,
  gemma,
  gemma2,
  gemma3_text: gemma3,
  glm,
  glm4,
  glm4_moe: glm4Moe,
  glm4v_moe_text: glm4vMoeText,
  glm4v_text: glm4vText,
  glm_ocr_text: glmOcrText,
  gpt_oss: gptOss,
  granite,
  llama,
  llama4_text: llama4Text,
  ministral: llama,
  ministral3: llama,
  mistral: llama,
  mistral4,
  mixtral,
  mllama_text_model: mllamaText,
  olmo2,
  phi,
  phi3,
  qwen2,
  qwen2_5_vl_text: qwen2,
  qwen2_moe: qwen2Moe,
  qwen2_vl_text: qwen2,
  qwen3,
  qwen3_moe: qwen3Moe,
  qwen3_omni_moe_text: qwen3Moe,
  qwen3_vl_moe_text: qwen3Moe,
  qwen3_vl_text: qwen3,
  smollm3,
  stablelm,
  starcoder2,
};
