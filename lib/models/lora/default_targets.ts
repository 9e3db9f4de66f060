/** Most model types. */
const QUERY_VALUE = ["q_proj", "v_proj"];

/**
 * The modules that PEFT adapts when it is told none, by model type. A text is a
 * regular expression.
 *
 * Source: PEFT 0.21.2, peft/utils/constants.py,
 * TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.
 */
export const DEFAULT_TARGETS: Readonly<
  Record<string, readonly string[] | string>
> = {
  bart: QUERY_VALUE,
  bert: ["query", "value"],
  "blip-2": ["q", "v", "q_proj", "v_proj"],
  bloom: ["query_key_value"],
  btlm: ["c_proj", "c_attn"],
  chatglm: ["query_key_value"],
  codegen: ["qkv_proj"],
  deberta: ["in_proj"],
  "deberta-v2": ["query_proj", "value_proj"],
  electra: ["query", "value"],
  falcon: ["query_key_value"],
  gemma: QUERY_VALUE,
  gemma2: QUERY_VALUE,
  gemma3_text: QUERY_VALUE,
  gemma4: ".*language_model\\..*\\.(q_proj|v_proj)",
  gpt2: ["c_attn"],
  gpt_bigcode: ["c_attn"],
  gpt_neo: QUERY_VALUE,
  gpt_neox: ["query_key_value"],
  gptj: QUERY_VALUE,
  layoutlm: ["query", "value"],
  llama: QUERY_VALUE,
  llama4: QUERY_VALUE,
  mistral: QUERY_VALUE,
  mixtral: QUERY_VALUE,
  mpt: ["Wqkv"],
  mt5: ["q", "v"],
  nemotron_h: ["q_proj", "k_proj", "v_proj", "o_proj"],
  opt: QUERY_VALUE,
  phi: ["q_proj", "v_proj", "fc1", "fc2"],
  qwen2: QUERY_VALUE,
  qwen3: QUERY_VALUE,
  roberta: ["query", "value"],
  rwkv: ["key", "value", "receptance", "output"],
  stablelm: QUERY_VALUE,
  t5: ["q", "v"],
  "xlm-roberta": ["query", "value"],
};
