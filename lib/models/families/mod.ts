import { headed } from "../heads/headed.ts";
import { AYA_TYPES } from "./aya_vision.ts";
import { BAILING_HYBRID_TYPES } from "./bailing_hybrid.ts";
import { BAILING_TYPES } from "./bailing_moe.ts";
import { BAMBA_TYPES } from "./bamba.ts";
import { BART_TYPES } from "./bart.ts";
import { BERT_TYPES } from "./bert.ts";
import { BLIP2_TYPES } from "./blip2.ts";
import { BLOOM_TYPES } from "./bloom.ts";
import { BLT_TYPES } from "./blt.ts";
import { CHATGLM_TYPES } from "./chatglm.ts";
import { CLIP_TYPES } from "./clip.ts";
import type { FamilyCode } from "./code/code.ts";
import { USUAL } from "./code/usual.ts";
import { COHERE2_TYPES } from "./cohere2.ts";
import { DEBERTA_TYPES } from "./deberta_v2.ts";
import { DEEPSEEK_TYPES } from "./deepseek.ts";
import { DEEPSEEK_V4_TYPES } from "./deepseek_v4.ts";
import { DISTILBERT_TYPES } from "./distilbert.ts";
import { ELECTRA_TYPES } from "./electra.ts";
import { ENCODER_KIN } from "./encoder_kin.ts";
import { ERNIE_VL_TYPES } from "./ernie4_5_vl_moe.ts";
import { FAIRSEQ_TYPES } from "./fairseq.ts";
import { FALCON_TYPES } from "./falcon.ts";
import { FALCON_H1_TYPES } from "./falcon_h1.ts";
import type { Family, FamilyType, FamilyTypes } from "./family.ts";
import { FUN_ASR_TYPES } from "./fun_asr_nano.ts";
import { GEMMA_TYPES } from "./gemma.ts";
import { GEMMA3N_TYPES } from "./gemma3n.ts";
import { GEMMA3N_TEXT_TYPES } from "./gemma3n_text.ts";
import { GEMMA4_TYPES } from "./gemma4.ts";
import { GEMMA4_KIN } from "./gemma4_kin.ts";
import { GEMMA4_TEXT_TYPES } from "./gemma4_text.ts";
import { GLM_TYPES } from "./glm.ts";
import { GLM46V_TYPES } from "./glm46v.ts";
import { GLM4V_TYPES } from "./glm4v.ts";
import { GOT_OCR2_TYPES } from "./got_ocr2.ts";
import { GPT2_TYPES } from "./gpt2.ts";
import { GPT_NEO_TYPES } from "./gpt_neo.ts";
import { GPT_NEOX_TYPES } from "./gpt_neox.ts";
import { GPTJ_TYPES } from "./gptj.ts";
import { GRANITE_HYBRID_TYPES } from "./granitemoehybrid.ts";
import { HEADERS_ONLY } from "./headers_only.ts";
import { IDEFICS_TYPES } from "./idefics.ts";
import { INKLING_TYPES } from "./inkling.ts";
import { INKLING2_LOOP_TYPES } from "./inkling2_loop.ts";
import { INTERNVL_TYPES } from "./internvl.ts";
import { INTERNVL_CHAT_TYPES } from "./internvl_chat.ts";
import { JAMBA_TYPES } from "./jamba.ts";
import { KIMI_K25_TYPES } from "./kimi_k25.ts";
import { KIMI_K3_TYPES } from "./kimi_k3.ts";
import { KIMI_LINEAR_TYPES } from "./kimi_linear.ts";
import { KIMI_VL_TYPES } from "./kimi_vl.ts";
import { LATENT_TYPES } from "./latent.ts";
import { LFM2_TYPES } from "./lfm2.ts";
import { LFM2_VL_TYPES } from "./lfm2_vl.ts";
import { LLAMA_TYPES } from "./llama.ts";
import { LLAMA4_TYPES } from "./llama4.ts";
import { LLAMA4_TEXT_TYPES } from "./llama4_text.ts";
import { LLAMA_KIN } from "./llama_kin.ts";
import { LLAVA_TYPES } from "./llava.ts";
import { LONGCAT_TYPES } from "./longcat_flash.ts";
import { MAMBA_TYPES } from "./mamba.ts";
import { MAMBA2_TYPES } from "./mamba2.ts";
import { MIMO_TYPES } from "./mimo_v2_flash.ts";
import { MINIMAX_TYPES } from "./minimax.ts";
import { MINIMAX_M3_TYPES } from "./minimax_m3.ts";
import { MISTRAL3_TYPES } from "./mistral3.ts";
import { MLLAMA_TYPES } from "./mllama.ts";
import { MLLAMA_TEXT_TYPES } from "./mllama_text.ts";
import { MODERNBERT_TYPES } from "./modernbert.ts";
import { MOE_KIN } from "./moe_kin.ts";
import { MPT_TYPES } from "./mpt.ts";
import { NANOVLM_TYPES } from "./nanovlm.ts";
import { NEMOTRON_H_TYPES } from "./nemotron_h.ts";
import { NEMOTRON_H_OMNI_TYPES } from "./nemotron_h_omni.ts";
import { NEMOTRON_NAS_TYPES } from "./nemotron_nas.ts";
import { NLLB_MOE_TYPES } from "./nllb_moe.ts";
import { OLMO_HYBRID_TYPES } from "./olmo_hybrid.ts";
import { OPT_TYPES } from "./opt.ts";
import { PADDLEOCR_VL_TYPES } from "./paddleocr_vl.ts";
import { PALIGEMMA_TYPES } from "./paligemma.ts";
import { PERCEIVER_TYPES } from "./perceiver.ts";
import { PERSIMMON_TYPES } from "./persimmon.ts";
import { PHI_TYPES } from "./phi.ts";
import { QWEN2_TYPES } from "./qwen2.ts";
import { QWEN2_AUDIO_TYPES } from "./qwen2_audio.ts";
import { QWEN3_TYPES } from "./qwen3.ts";
import { QWEN3_OMNI_TYPES } from "./qwen3_omni.ts";
import { QWEN3_5_TYPES } from "./qwen3_5.ts";
import { QWEN3_NEXT_TYPES } from "./qwen3_next.ts";
import { QWEN_VL_TYPES } from "./qwen_vl.ts";
import { RECENT_KIN } from "./recent_kin.ts";
import { RECENT_MOE_KIN } from "./recent_moe_kin.ts";
import { PHI3_V_TYPES } from "./phi3_v.ts";
import { MOLMO_TYPES } from "./molmo.ts";
import { DOTS_OCR_TYPES } from "./dots_ocr.ts";
import { DEEPSEEK_VL_V2_TYPES } from "./deepseek_vl_v2.ts";
import { MINICPM_V_TYPES } from "./minicpmv.ts";
import { MIMO_DENSE_TYPES } from "./mimo.ts";
import { STEP3P5_TYPES } from "./step3p5.ts";
import { STEP3_TYPES } from "./step3.ts";
import { GROK_TYPES } from "./grok.ts";
import { PHI4MM_TYPES } from "./phi4mm.ts";
import { OVIS2_5_TYPES } from "./ovis2_5.ts";
import { RECIPE_KIN } from "./recipe_kin.ts";
import { recipeTypes } from "./recipes/mod.ts";
import { RECURRENT_GEMMA_TYPES } from "./recurrent_gemma.ts";
import { REMOTE_CODE } from "./remote_code.ts";
import { ROBERTA_TYPES } from "./roberta.ts";
import { RWKV_TYPES } from "./rwkv.ts";
import { STABLELM_TYPES } from "./stablelm.ts";
import { SWITCH_TYPES } from "./switch_transformers.ts";
import { T5_TYPES } from "./t5.ts";
import { WHISPER_TYPES } from "./whisper.ts";
import { ZAMBA_TYPES } from "./zamba2.ts";

/** The types of every family's file. */
const WRITTEN: FamilyTypes = {
  ...HEADERS_ONLY,
  ...AYA_TYPES,
  ...BAILING_HYBRID_TYPES,
  ...BAILING_TYPES,
  ...BAMBA_TYPES,
  ...BART_TYPES,
  ...BERT_TYPES,
  ...BLIP2_TYPES,
  ...BLOOM_TYPES,
  ...BLT_TYPES,
  ...CHATGLM_TYPES,
  ...CLIP_TYPES,
  ...COHERE2_TYPES,
  ...DEBERTA_TYPES,
  ...DEEPSEEK_TYPES,
  ...DEEPSEEK_V4_TYPES,
  ...DISTILBERT_TYPES,
  ...ELECTRA_TYPES,
  ...ENCODER_KIN,
  ...ERNIE_VL_TYPES,
  ...FAIRSEQ_TYPES,
  ...FALCON_H1_TYPES,
  ...FALCON_TYPES,
  ...FUN_ASR_TYPES,
  ...GEMMA3N_TEXT_TYPES,
  ...GEMMA3N_TYPES,
  ...GEMMA4_KIN,
  ...GEMMA4_TEXT_TYPES,
  ...GEMMA4_TYPES,
  ...GEMMA_TYPES,
  ...GLM46V_TYPES,
  ...GLM4V_TYPES,
  ...GLM_TYPES,
  ...GOT_OCR2_TYPES,
  ...GPT2_TYPES,
  ...GPTJ_TYPES,
  ...GPT_NEOX_TYPES,
  ...GPT_NEO_TYPES,
  ...GRANITE_HYBRID_TYPES,
  ...IDEFICS_TYPES,
  ...INKLING2_LOOP_TYPES,
  ...INKLING_TYPES,
  ...INTERNVL_TYPES,
  ...INTERNVL_CHAT_TYPES,
  ...JAMBA_TYPES,
  ...KIMI_K25_TYPES,
  ...KIMI_K3_TYPES,
  ...KIMI_LINEAR_TYPES,
  ...KIMI_VL_TYPES,
  ...LATENT_TYPES,
  ...LFM2_TYPES,
  ...LFM2_VL_TYPES,
  ...LLAMA4_TEXT_TYPES,
  ...LLAMA4_TYPES,
  ...LLAMA_KIN,
  ...LLAMA_TYPES,
  ...LLAVA_TYPES,
  ...LONGCAT_TYPES,
  ...MAMBA2_TYPES,
  ...MAMBA_TYPES,
  ...MIMO_TYPES,
  ...MINIMAX_M3_TYPES,
  ...MINIMAX_TYPES,
  ...MISTRAL3_TYPES,
  ...MLLAMA_TEXT_TYPES,
  ...MLLAMA_TYPES,
  ...MODERNBERT_TYPES,
  ...MOE_KIN,
  ...MPT_TYPES,
  ...NANOVLM_TYPES,
  ...NEMOTRON_H_OMNI_TYPES,
  ...NEMOTRON_H_TYPES,
  ...NEMOTRON_NAS_TYPES,
  ...NLLB_MOE_TYPES,
  ...OLMO_HYBRID_TYPES,
  ...OPT_TYPES,
  ...PADDLEOCR_VL_TYPES,
  ...PALIGEMMA_TYPES,
  ...PERCEIVER_TYPES,
  ...PERSIMMON_TYPES,
  ...PHI_TYPES,
  ...QWEN2_AUDIO_TYPES,
  ...QWEN2_TYPES,
  ...QWEN3_5_TYPES,
  ...QWEN3_NEXT_TYPES,
  ...QWEN3_OMNI_TYPES,
  ...QWEN3_TYPES,
  ...QWEN_VL_TYPES,
  ...RECENT_KIN,
  ...RECENT_MOE_KIN,
  ...RECIPE_KIN,
  ...RECURRENT_GEMMA_TYPES,
  ...REMOTE_CODE,
  ...ROBERTA_TYPES,
  ...RWKV_TYPES,
  ...STABLELM_TYPES,
  ...SWITCH_TYPES,
  ...T5_TYPES,
  ...WHISPER_TYPES,
  ...PHI3_V_TYPES,
  ...MOLMO_TYPES,
  ...DOTS_OCR_TYPES,
  ...DEEPSEEK_VL_V2_TYPES,
  ...MINICPM_V_TYPES,
  ...MIMO_DENSE_TYPES,
  ...STEP3P5_TYPES,
  ...STEP3_TYPES,
  ...GROK_TYPES,
  ...PHI4MM_TYPES,
  ...OVIS2_5_TYPES,
  ...ZAMBA_TYPES,
};

/** Those of files, whose tensors are known by formulas where no file declares them. */
export const TYPES: FamilyTypes = { ...WRITTEN, ...recipeTypes(WRITTEN) };

/** The family's word on a `model_type`; null for one that none knows. */
export function familyOf(type: string): FamilyType | null {
  return Object.hasOwn(TYPES, type) ? TYPES[type] ?? null : null;
}

/** How a type's code runs; Llama's for a type that no family knows. */
export function codeOfType(type: string): FamilyCode {
  return familyOf(type)?.code ?? USUAL;
}

/**
 * What declares the tensors of each `model_type`, with the head of the class that
 * its `architectures` names.
 */
export const FAMILIES: Readonly<Record<string, Family>> = Object.fromEntries(
  Object.entries(TYPES).flatMap(([type, { declare, readsClass, code }]) =>
    declare === null
      ? []
      : [[type, readsClass ? declare : headed(type, code.heads, declare)]]
  ),
);
