import { neverTied } from "./blocks_recent.ts";
import { deepseekV4 } from "./deepseek_v4.ts";
import { ernieVl } from "./ernie4_5_vl_moe.ts";
import { falconH1 } from "./falcon_h1.ts";
import type { Family } from "./family.ts";
import { causal } from "./family.ts";
import { gemma3n } from "./gemma3n.ts";
import { gemma3nText } from "./gemma3n_text.ts";
import { gemma4, gemma4Unified } from "./gemma4.ts";
import { gemma4Text, gemma4UnifiedText } from "./gemma4_text.ts";
import { glm46v } from "./glm46v.ts";
import { graniteMoeHybrid } from "./granitemoehybrid.ts";
import { kimiK25 } from "./kimi_k25.ts";
import { kimiLinear } from "./kimi_linear.ts";
import {
  deepseekV32,
  glm4MoeLite,
  glmMoeDsa,
  minicpm3,
  mistral4,
  youtu,
} from "./latent.ts";
import { lfm2, lfm2Moe, liquid } from "./lfm2.ts";
import { lfm2Vl } from "./lfm2_vl.ts";
import { llama } from "./llama.ts";
import { longcatFlash } from "./longcat_flash.ts";
import { mimoV2Flash } from "./mimo_v2_flash.ts";
import { minimaxM3, minimaxM3Text } from "./minimax_m3.ts";
import { nemotronH } from "./nemotron_h.ts";
import { olmoHybrid } from "./olmo_hybrid.ts";
import { qwen35Vl, qwen35VlMoe } from "./qwen3_5.ts";
import { qwen35, qwen35Moe, qwen3Next } from "./qwen3_next.ts";
import {
  cwm,
  diffLlama,
  internlm3,
  jais2,
  nanochat,
  vaultGemma,
} from "./recent_kin.ts";
import {
  afmoe,
  cohere2Moe,
  exaoneMoe,
  flexOlmo,
  hyV3,
  solarOpen,
} from "./recent_moe_kin.ts";
import { recurrentGemma } from "./recurrent_gemma.ts";

/** Families of the last years: hybrids, sparse attention, new experts. */
export const RECENT: Readonly<Record<string, Family>> = {
  afmoe: causal(afmoe),
  cohere2_moe: causal(cohere2Moe),
  cwm: causal(cwm),
  deepseek_v32: causal(deepseekV32),
  deepseek_v4: causal(deepseekV4),
  diffllama: causal(diffLlama),
  ernie4_5_vl_moe: ernieVl,
  exaone_moe: causal(exaoneMoe),
  falcon_h1: causal(falconH1),
  flex_olmo: causal(flexOlmo),
  gemma3n,
  gemma3n_text: causal(gemma3nText),
  gemma4,
  gemma4_text: causal(gemma4Text),
  gemma4_unified: gemma4Unified,
  gemma4_unified_text: causal(gemma4UnifiedText),
  glm46v,
  glm4_moe_lite: causal(glm4MoeLite),
  glm_moe_dsa: causal(glmMoeDsa),
  granitemoehybrid: causal(graniteMoeHybrid),
  hy_v3: causal(hyV3),
  internlm3: causal(internlm3),
  jais2: causal(jais2),
  kimi_k25: kimiK25,
  kimi_linear: neverTied(kimiLinear),
  lfm2: liquid(lfm2),
  lfm2_moe: liquid(lfm2Moe),
  lfm2_vl: lfm2Vl,
  longcat_flash: causal(longcatFlash),
  mimo_v2_flash: causal(mimoV2Flash),
  minicpm3: causal(minicpm3),
  minimax_m3_vl: minimaxM3,
  minimax_m3_vl_text: causal(minimaxM3Text),
  ministral3: causal(llama),
  mistral4: causal(mistral4),
  nanochat: causal(nanochat),
  nemotron_h: neverTied(nemotronH),
  olmo_hybrid: causal(olmoHybrid),
  qwen3_5: qwen35Vl,
  qwen3_5_moe: qwen35VlMoe,
  qwen3_5_moe_text: causal(qwen35Moe),
  qwen3_5_text: causal(qwen35),
  qwen3_next: causal(qwen3Next),
  recurrent_gemma: causal(recurrentGemma),
  solar_open: causal(solarOpen),
  vaultgemma: causal(vaultGemma),
  youtu: causal(youtu),
};
