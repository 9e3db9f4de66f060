import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimated as answered, holds } from "./played.ts";

type Config = Record<string, unknown>;

const BERT: Config = {
  vocab_size: 500,
  hidden_size: 64,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  intermediate_size: 128,
  max_position_embeddings: 96,
  type_vocab_size: 2,
};
const BART: Config = {
  vocab_size: 500,
  d_model: 64,
  encoder_layers: 2,
  decoder_layers: 3,
  encoder_attention_heads: 4,
  decoder_attention_heads: 4,
  encoder_ffn_dim: 128,
  decoder_ffn_dim: 96,
  max_position_embeddings: 96,
  is_encoder_decoder: true,
};
const T5: Config = {
  vocab_size: 500,
  d_model: 64,
  d_kv: 16,
  d_ff: 128,
  num_layers: 2,
  num_decoder_layers: 3,
  num_heads: 4,
  is_encoder_decoder: true,
};

/** Every type whose encoder is played, and the classes that it is saved as. */
const MODELS: readonly Config[] = [
  { model_type: "bert", ...BERT },
  ...[
    ["bert", "BertForMaskedLM"],
    ["bert", "BertForPreTraining"],
    ["bert", "BertForSequenceClassification"],
    ["bert", "BertForTokenClassification"],
    ["bert", "BertForQuestionAnswering"],
    ["roberta", "RobertaForMaskedLM"],
    ["xlm-roberta", "XLMRobertaForSequenceClassification"],
    ["camembert", "CamembertForTokenClassification"],
    ["electra", "ElectraForPreTraining"],
    ["electra", "ElectraForMaskedLM"],
    ["modernbert", "ModernBertForMaskedLM"],
    ["modernbert", "ModernBertForSequenceClassification"],
    ["mpnet", "MPNetForMaskedLM"],
    ["nomic_bert", "NomicBertModel"],
    ["gte", "GteForSequenceClassification"],
    ["esm", "EsmForMaskedLM"],
    ["eurobert", "EuroBertForSequenceClassification"],
    ["ernie", "ErnieForMaskedLM"],
    ["megatron-bert", "MegatronBertForMaskedLM"],
    ["xlm-roberta-xl", "XLMRobertaXLForMaskedLM"],
    ["roberta-prelayernorm", "RobertaPreLayerNormModel"],
    ["eurobert", "EuroBertModel"],
    ["data2vec-text", "Data2VecTextForTokenClassification"],
    ["jina_embeddings_v3", "JinaEmbeddingsV3ForMaskedLM"],
  ].map(([model_type, name]) => ({
    model_type,
    architectures: [name],
    embedding_size: 32,
    ...BERT,
  })),
  ...["DistilBertForMaskedLM", "DistilBertForSequenceClassification"].map((
    name,
  ) => ({
    model_type: "distilbert",
    architectures: [name],
    vocab_size: 500,
    dim: 64,
    n_layers: 3,
    n_heads: 4,
    hidden_dim: 128,
    max_position_embeddings: 96,
  })),
  { model_type: "t5", feed_forward_proj: "relu", ...T5 },
  { model_type: "t5", feed_forward_proj: "gated-gelu", ...T5 },
  { model_type: "mt5", ...T5 },
  { model_type: "umt5", ...T5 },
  { model_type: "bart", ...BART },
  { model_type: "bart", ...BART, tie_word_embeddings: false },
  {
    model_type: "bart",
    architectures: ["BartForSequenceClassification"],
    ...BART,
  },
  { model_type: "mbart", scale_embedding: true, ...BART },
  { model_type: "pegasus", ...BART },
  { model_type: "m2m_100", ...BART },
  { model_type: "marian", ...BART },
  { model_type: "blenderbot", ...BART },
  { model_type: "plbart", ...BART },
  {
    model_type: "whisper",
    ...BART,
    num_mel_bins: 80,
    max_source_positions: 75,
    max_target_positions: 48,
  },
];

type Change = Pick<
  ScenarioInput,
  "train" | "precision" | "quantization" | "optimizer" | "software"
>;

const LORA = { targets: "all-linear" as const, rank: 4 };

const CHANGES: Readonly<Record<string, Change>> = {
  plain: {},
  "fp32 eager": {
    precision: { weights: "fp32" },
    train: { attention: "eager", padding_mask: true },
  },
  "autocast, checkpoints": {
    precision: { weights: "fp32", autocast: "bf16" },
    train: { attention: "sdpa", checkpointing: "full" },
  },
  "every second checkpoint, on the host": {
    train: { checkpointing: "selective", checkpoint_offload: true },
  },
  "masked, accumulating": {
    train: {
      attention: "sdpa",
      padding_mask: true,
      gradient_accumulation: 2,
    },
  },
  "in the backward pass": { optimizer: { in_backward: true } },
  lora: { train: { method: "lora", lora: LORA, checkpointing: "full" } },
  "lora, autocast": {
    precision: { weights: "fp32", autocast: "bf16" },
    train: { method: "lora", lora: { ...LORA, dropout: 0.1 } },
  },
  qlora: {
    precision: { autocast: "bf16" },
    quantization: { weights: "nf4-dq" },
    train: { method: "qlora", lora: LORA, attention: "sdpa" },
  },
  "layers alone": { train: { trainable: ["language_model"] } },
  "embeddings alone": { train: { trainable: ["embeddings"] } },
  "embeddings alone, checkpoints": {
    train: { trainable: ["embeddings"], checkpointing: "full" },
  },
  "fused loss": { train: { loss: "fused", kernels: "liger" } },
  compiled: { train: { kernels: "compile", loss: "chunked" } },
  "transformers 4": { software: { transformers: "4.57.0" } },
};

function scenarioOf(config: Config, change: Change): ScenarioInput {
  return {
    model: { config },
    ...change,
    train: { micro_batch: 3, sequence_length: 80, ...change.train },
  };
}

function estimated(input: ScenarioInput): Estimate {
  const estimate = answered(input);
  assertEquals(estimate.method, "timeline");
  return estimate;
}

for (const [name, change] of Object.entries(CHANGES)) {
  Deno.test(`steps with encoders leave gradients and nothing else: ${name}`, () => {
    for (const config of MODELS) {
      holds(scenarioOf(config, change));
    }
  });
}

Deno.test("what an encoder's lengths are taken for is said", () => {
  const whisper = estimated(scenarioOf(MODELS.at(-1) ?? {}, {}));
  assertStringIncludes(
    whisper.assumptions.join("\n"),
    "The encoder reads 75 positions of sound, max_source_positions of its config; the decoder 48 tokens",
  );
  const bart = estimated(scenarioOf({ model_type: "bart", ...BART }, {}));
  assertStringIncludes(
    bart.assumptions.join("\n"),
    "Encoder and decoder both read train.sequence_length 80 tokens",
  );
});

Deno.test("T5 runs without a flash kernel, which is said", () => {
  const t5 = { model_type: "t5", ...T5 };
  const { assumptions } = estimated(scenarioOf(t5, {}));
  assertStringIncludes(assumptions.join("\n"), "sdpa is played");
  const old = estimated(scenarioOf(t5, CHANGES["transformers 4"] ?? {}));
  assertStringIncludes(
    old.assumptions.join("\n"),
    "eager is played, what transformers 4 runs",
  );
});

Deno.test("checkpoints that a type's code does not take are warned of", () => {
  const change: Change = { train: { checkpointing: "full" } };
  const mpnet = { model_type: "mpnet", ...BERT };
  const { warnings } = estimated(scenarioOf(mpnet, change));
  assertStringIncludes(warnings.join("\n"), "mpnet take no checkpoints");
});

Deno.test("more tokens than a model has positions are warned of", () => {
  const long = { train: { sequence_length: 97 } };
  const { warnings } = estimated(
    scenarioOf({ model_type: "bert", ...BERT }, long),
  );
  assertStringIncludes(
    warnings.join("\n"),
    "train.sequence_length 97 is more than the 96 positions that the model has: its code would stop",
  );
});

Deno.test("a model without a head says what its loss is taken of", () => {
  const bare = estimated(scenarioOf({ model_type: "bert", ...BERT }, {}));
  assertStringIncludes(
    bare.assumptions.join("\n"),
    "no head is saved with the model",
  );
  const masked = { architectures: ["BertForMaskedLM"], ...BERT };
  assertStringIncludes(
    estimated(scenarioOf({ model_type: "bert", ...masked }, {})).assumptions
      .join("\n"),
    "masked words",
  );
});
