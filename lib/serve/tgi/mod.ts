import { POOL_READS } from "../pool_reads.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { formatBytes } from "../../units/mod.ts";
import { cacheElementBytes } from "../elements.ts";
import type {
  Served,
  ServingEngine,
  ServingGpu,
  ServingQuestion,
} from "../engine.ts";
import { outsideOf } from "../outside.ts";
import type { PoolPlan } from "../pool_engine.ts";
import { servedByPool } from "../pool_engine.ts";
import { prefillPeak } from "../prefill_peak.ts";
import { rankWeights } from "../rank_weights.ts";
import { unloadedWarnings } from "../unloaded.ts";
import { attentionOf } from "./blocks.ts";
import { prefillTokens } from "./prefill_tokens.ts";

/** What of a GPU is left alone, beside the fraction that is given. */
const WIGGLE_ROOM = 0.9;
/** --cuda-memory-fraction where it is not given. */
const USUAL_FRACTION = 1;
const TYPES = { bf16: 2, fp16: 2, fp8: 1 };

/**
 * Text Generation Inference: a prefill of as many tokens as are allowed is run, and
 * blocks fill what is left.
 *
 * Source: huggingface/text-generation-inference 3.3
 * server/text_generation_server/models/flash_causal_lm.py, warmup
 */
export const tgi: ServingEngine = {
  name: "tgi",
  reads: [
    ...POOL_READS,
    "serve.max_batched_tokens",
  ],
  refuses: ({ mesh, caches }) =>
    mesh.pp * mesh.cp * mesh.ep > 1
      ? "Text Generation Inference splits models by tensor parallelism alone"
      : caches.groups.some(({ keeps }) =>
          keeps.some(({ kind }) => kind === "state" || kind === "cross")
        ) || caches.groups.length === 0
      ? "Text Generation Inference's caches of states and of encoders are not played"
      : null,
  serve: (question) => {
    const element = cacheElementBytes(question.scenario, TYPES);
    if (!element.ok) return element;
    const { kv_heads } = question.model.architecture;
    const { tp } = question.mesh;
    if (kv_heads > 1 && kv_heads < tp) {
      return {
        ok: false,
        problems: [{
          path: "parallel.tp",
          message:
            `parallel.tp must be at most the model's ${kv_heads} key and value heads with tgi: current value is ${tp}`,
        }],
      };
    }
    return { ok: true, value: answer(question, element.value) };
  },
};

function answer(question: ServingQuestion, element: number): Served {
  const { scenario, model, mesh, checkpoint, caches } = question;
  const { architecture } = model;
  const { serve } = scenario;
  const weights = rankWeights(
    question,
    { from: 0, to: caches.layers, isFirst: true, isLast: true },
    { vocabularyRows: 1 },
  );
  const cell = cellBytes(question, element);
  const isQuantised = checkpoint.bytes < 1.9 * model.parameters;
  const context = serve.max_model_len ??
    architecture.max_position_embeddings ?? 4096;
  const planOn = (card: ServingGpu): PoolPlan => {
    const fraction = serve.memory_utilization ?? USUAL_FRACTION;
    const attention = attentionOf(model, card);
    const block = serve.block_size ?? attention.block;
    const tokens = serve.max_batched_tokens ?? prefillTokens(architecture, {
      card,
      total: card.usable,
      tp: mesh.tp,
      fraction,
      isQuantised,
    });
    const outside = outsideOf(scenario, mesh, card);
    const compute = prefillPeak(architecture, tokens, mesh.tp);
    const warmUp = Math.ceil(tokens / block) * block * cell;
    const free = card.usable * fraction - outside - weights - compute;
    const left = Math.trunc(
      card.usable * fraction * WIGGLE_ROOM - outside - weights - compute,
    );
    const blocks = warmUp > free ? 0 : Math.ceil(tokens / block) +
      Math.floor(Math.max(0, left - warmUp) / (block * cell));
    const held = blocks * block;
    const longest = Math.min(
      context,
      serve.max_model_len === null ? held : Infinity,
    );
    const refusal = warmUp > free
      ? `Not enough memory to handle ${tokens} prefill tokens. You need to decrease \`--max-batch-prefill-tokens\``
      : longest > held
      ? `Not enough memory to handle \`max_total_tokens=${longest}\``
      : null;
    return {
      refusal,
      left: warmUp > free
        ? Math.trunc(free - warmUp)
        : longest > held
        ? (held - longest) * cell
        : left,
      weights,
      compute,
      graphs: 0,
      outside,
      tables: 0,
      pool: refusal === null ? held * cell : 0,
      states: 0,
      tokens: refusal === null ? held : 0,
      requests: serve.max_sequences ?? held,
      settings: {
        max_batch_prefill_tokens: tokens,
        max_batch_total_tokens: refusal === null ? held : null,
        max_total_tokens: refusal === null ? longest : null,
        max_input_tokens: refusal === null ? longest - 1 : null,
        max_batch_size: serve.max_sequences,
        cuda_memory_fraction: fraction,
        block_size: block,
        attention: attention.name,
      },
    };
  };
  return servedByPool(question, {
    context,
    bytesPerToken: cell,
    fixedBytesPerSequence: 0,
    heldBy: (tokens) => tokens * cell,
    sequencesIn: ({ tokens, requests, settings }, length) => {
      const block = Number(settings["block_size"]);
      const whole = Math.ceil(Math.max(1, length) / block) * block;
      return Math.min(requests, Math.floor(tokens / whole));
    },
    planOn,
    formulas: {
      weights: "a rank's share of each parameter",
      pool:
        "blocks in 90 % of the memory, less context, weights and the warm-up's prefill",
      compute:
        "max_batch_prefill_tokens × 2 B × (2 × hidden + the widest block of a layer)",
      graphs: "",
      tables: "",
    },
    source:
      "huggingface/text-generation-inference 3.3: flash_causal_lm.py, launcher/src/main.rs",
    assumptions: [
      "TGI warms up with a prefill of max_batch_prefill_tokens, whose activations are those of one layer's widest block; its CUDA graphs are not counted",
      ...olderReleases(question, planOn),
    ],
    warnings: unloadedWarnings(question, "TGI", UNLOADED),
  });
}

/** Source: huggingface/text-generation-inference launcher/src/main.rs, Quantize */
const UNLOADED = [
  "gguf",
  "mxfp4",
  "modelopt",
  "hqq",
  "torchao",
  "quark",
  "exl3",
  "mlx",
] as const;

/** Keys and values of every layer, whatever its window; latent ones as heads. */
function cellBytes(
  { model, mesh, caches }: ServingQuestion,
  element: number,
): number {
  const { kv_heads, head_dim } = model.architecture;
  const config = model.config ?? {};
  const isLatent = caches.groups.some(({ keeps }) =>
    keeps.some(({ kind }) => kind === "latent")
  );
  const read = (key: string): number => Number(config[key] ?? 0);
  const width = isLatent
    ? Math.max(
      read("qk_nope_head_dim") + read("qk_rope_head_dim"),
      read("v_head_dim"),
    )
    : head_dim;
  const heads = kv_heads > 1 ? Math.floor(kv_heads / mesh.tp) : kv_heads;
  return 2 * heads * width * caches.layers * element;
}

/** Before 3.0 the warm-up made logits of every token, and their logarithms. */
function olderReleases(
  { scenario, model, gpus }: ServingQuestion,
  planOn: (card: ServingGpu) => PoolPlan,
): string[] {
  const [card] = gpus;
  if (!card) return [];
  const { settings } = planOn(card);
  const tokens = Number(settings["max_batch_prefill_tokens"]);
  const logits = 2 * logitsBytes(scenario, tokens, model.architecture);
  return logits < 0.05 * card.usable ? [] : [
    `TGI before 3.0 needs ${
      formatBytes(logits)
    } more while it warms up: logits of all ${tokens} tokens, gathered`,
  ];
}

function logitsBytes(
  { precision }: Pick<Scenario, "precision">,
  tokens: number,
  { vocab_size }: { readonly vocab_size: number },
): number {
  return tokens * vocab_size * (precision.weights === "fp32" ? 4 : 2);
}
