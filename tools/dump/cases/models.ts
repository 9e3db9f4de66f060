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
    ]),
    ...[...byClass].flatMap(([name, all]) =>
      all.slice(-1).map(({ config }) =>
        scenarioCase(
          `class ${name}`,
          withFields({ model: { config } }, USES["full"] ?? {}),
        )
      )
    ),
    ...truth<TrueModel[]>("parameters.json").map(({ name, config }) => ({
      id: `real tensors ${name}`,
      answer: () => builtOf(config),
    })),
  ];
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
