import type { Case, Input } from "../case.ts";
import { compactConfig, kindsOf, resolveModel } from "../doors.ts";
import { hashOf } from "../hash.ts";
import type { TrueModel } from "../truth.ts";
import { randomModels, truth } from "../truth.ts";
import { withFields } from "../with.ts";
import { scenarioCase } from "./scenario_case.ts";

/** Ways to use a model, of each of which its family has code of its own. */
const USES: Readonly<Record<string, Input>> = {
  full: {
    "train.micro_batch": 2,
    "train.sequence_length": 32,
    "train.padding_mask": true,
    "train.attention": "sdpa",
    "train.images_per_sample": 1,
    "train.image_size": [56, 84],
  },
  lora: {
    "train.method": "lora",
    "train.lora.targets": "all-linear",
    "train.sequence_length": 24,
    "train.checkpointing": "full",
    "train.kernels": "liger",
    "precision.autocast": "bf16",
  },
  eager: {
    "train.sequence_length": 48,
    "train.attention": "eager",
    "precision.weights": "fp32",
    "parallel.gpus": 4,
    "engine.name": "fsdp",
  },
  serve: { task: "serve", "serve.batch": 3, "serve.engine": "vllm" },
};

/** Models whose code is not in transformers, small. */
const REMOTE: readonly Input[] = [
  ...["minicpm", "internlm2", "baichuan"].map((model_type) => ({
    model_type,
    hidden_size: 256,
    intermediate_size: 704,
    num_attention_heads: 8,
    num_key_value_heads: 8,
    num_hidden_layers: 2,
    max_position_embeddings: 2048,
    vocab_size: 4000,
  })),
  {
    model_type: "chatglm",
    hidden_size: 256,
    ffn_hidden_size: 704,
    kv_channels: 32,
    num_attention_heads: 8,
    multi_query_attention: true,
    multi_query_group_num: 2,
    add_qkv_bias: true,
    num_layers: 2,
    padded_vocab_size: 4000,
  },
  {
    model_type: "chatglm",
    hidden_size: 256,
    inner_hidden_size: 1024,
    num_attention_heads: 8,
    num_layers: 2,
    vocab_size: 4000,
  },
];

/** Classes that read no more of a config than its text, or another type's. */
const OTHER_CLASSES = [
  "ForCausalLM",
  "ForSequenceClassification",
  "Model",
  "TextModel",
];

/** Every type and class of model, used in every way; and all their tensors. */
export function modelCases(): Case[] {
  const models = randomModels();
  const byType = Map.groupBy(models, ({ model_type }) => model_type);
  const byClass = Map.groupBy(models, (model) => model.class);
  return [
    ...[...byType].flatMap(([type, all]) => [
      ...Object.entries(USES).flatMap(([use, fields]) =>
        all.slice(0, 1).map(({ config }) =>
          scenarioCase(
            `model ${type} ${use}`,
            withFields({ model: { config } }, fields),
          )
        )
      ),
      {
        id: `tensors ${type}`,
        answer: () => all.map(({ config }) => builtOf(config)),
      },
      {
        id: `defaults ${type}`,
        answer: () =>
          all.slice(0, 2).flatMap(({ config }) => withoutEach(config))
            .map(builtOf),
      },
      {
        id: `other classes ${type}`,
        answer: () =>
          all.slice(0, 1).flatMap(({ config, class: own }) =>
            otherClasses(own, config).map((architecture) =>
              builtOf({ ...config, architectures: [architecture] })
            )
          ),
      },
    ]),
    ...[...byClass].flatMap(([name, all]) =>
      all.slice(-1).map(({ config }) =>
        scenarioCase(
          `class ${name}`,
          withFields({ model: { config } }, USES["full"] ?? {}),
        )
      )
    ),
    ...REMOTE.flatMap((config, at) =>
      Object.entries(USES).map(([use, fields]) =>
        scenarioCase(
          `remote ${config["model_type"]} ${at} ${use}`,
          withFields({ model: { config } }, fields),
        )
      )
    ),
    ...truth<TrueModel[]>("parameters.json").map(({ name, config }) => ({
      id: `real tensors ${name}`,
      answer: () => builtOf(config),
    })),
  ];
}

/** A config without each of its keys, and those of its parts. */
function withoutEach(config: Input): Input[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const { [key]: _, ...rest } = config;
    const within = typeof value === "object" && value !== null &&
        !Array.isArray(value)
      ? withoutEach(value as Input).map((each) => ({ ...config, [key]: each }))
      : [];
    return [rest, ...within];
  });
}

function otherClasses(own: string, config: Input): string[] {
  const text = config["text_config"] as Input | undefined;
  const stems = [
    own.replace(/(?:For\w+|LMHeadModel|Model)$/, ""),
    ...(typeof text?.["model_type"] === "string"
      ? [
        camel(text["model_type"]),
        camel(text["model_type"].replace("_text", "")),
      ]
      : []),
  ];
  return stems.flatMap((stem) => OTHER_CLASSES.map((end) => `${stem}${end}`));
}

function camel(type: string): string {
  return type.replaceAll(
    /(?:^|[_-])(\w)/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}

function builtOf(config: Input): unknown {
  const built = resolveModel({ config });
  if (!built.ok) return built;
  const { tensors, buffers, ...model } = built.value;
  return {
    ...model,
    kinds: kindsOf(config),
    compact: hashOf(JSON.stringify(compactConfig(config))),
    tensors: tensors.length,
    tensors_hash: hashOf(JSON.stringify([tensors, buffers])),
  };
}
