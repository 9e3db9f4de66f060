import { changesOf } from "../../scenario/default_scenario.ts";
import { groupDigits } from "../../units/mod.ts";
import { defaultsTaken } from "../defaults_taken.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";
import { weightFormat } from "../../scenario/weight_format.ts";
import type { FactorsSetup } from "./setup.ts";

/** What the reader of an answer has to know about it. */
export interface Remarks {
  assumptions: string[];
  warnings: string[];
}

/** Fields that the method models for any task, or that change no memory. */
const ALWAYS = [
  "model",
  "task",
  "method",
  "hardware",
  "overheads",
  "factors.cuda_libs_gib",
  "factors.misc_overhead_gib",
  "factors.fragmentation_gib",
  "precision.weights",
  "quantization.weights",
  "parallel.gpus",
  "parallel.tp",
  "parallel.pp",
  "engine.name",
  "engine.zero_stage",
  "engine.sharding",
];

const WHEN_TRAINING = new Set([
  ...ALWAYS,
  "factors",
  "train.method",
  "train.trainable",
  "train.lora.rank",
  "train.lora.alpha",
  "train.lora.targets",
  "train.lora.rslora",
  "train.lora.dora",
  "train.lora.bias",
  "train.lora.modules_to_save",
  "train.lora.target_parameters",
  "train.lora.trainable_parameters",
  "train.micro_batch",
  "train.sequence_length",
  "train.gradient_accumulation",
  "train.attention",
  "train.checkpointing",
  "train.loss",
  "train.images_per_sample",
  "train.image_size",
  "precision.autocast",
  "precision.gradients",
  "precision.master_weights",
  "precision.optimizer_states",
  "optimizer.name",
  "optimizer.bits",
  "parallel.gpus_per_node",
  "engine.distributed_optimizer",
]);

const WHEN_SERVING = new Set([
  ...ALWAYS,
  "serve.batch",
  "serve.input_tokens",
  "serve.output_tokens",
  "serve.kv_cache",
  "serve.kv_dtype",
  "serve.cache_tokens",
]);

/** Collects what the method took for granted and what it left out. */
export function remarks(setup: FactorsSetup, exact: number): Remarks {
  const { scenario } = setup;
  const training = scenario.task === "train";
  const changes = changesOf(scenario);
  const meaningless = unused(scenario, changes);
  const covered = training ? WHEN_TRAINING : WHEN_SERVING;
  const ignored = uncovered(changes, covered, meaningless).map((field) =>
    `${field} has no effect: the factors method does not model it${
      training ? "" : " when serving"
    }`
  );
  return {
    assumptions: [
      ...defaultsTaken(scenario, setup.model, changes, covered),
      ...setup.model.notes,
      ...setup.sharding.assumptions,
      ...(training ? whenTraining(setup, exact) : []),
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...(training ? trainingWarnings(setup) : servingWarnings(setup)),
      ...ignored,
    ],
  };
}

function whenTraining(setup: FactorsSetup, exact: number): string[] {
  const { scenario, sharding, nf4 } = setup;
  const said: string[] = [];
  if (scenario.train.attention === "sdpa") {
    said.push(
      "SDPA is counted as a kernel that keeps no attention scores, like FlashAttention",
    );
  }
  const counted = Math.round(setup.trainable * setup.mesh.pp);
  if (counted !== exact) {
    said.push(
      `The factors method takes attention projections for square${
        scenario.train.lora.targets === "default" &&
          scenario.method === "factors"
          ? ", and adapters on every projection where no modules are named,"
          : ""
      } and counts ${groupDigits(counted)} adapter parameters; PEFT trains ${
        groupDigits(exact)
      }`,
    );
  }
  if (nf4 && sharding.stage === 3) {
    said.push(
      "4-bit weights stay whole on every GPU: ZeRO stage 3 shards only the adapters' state",
    );
  }
  if (scenario.precision.autocast !== null) {
    said.push(
      `Activations and logits are counted in ${scenario.precision.autocast}, the autocast type`,
    );
  }
  return said;
}

function trainingWarnings({ scenario, mesh }: FactorsSetup): string[] {
  const { train, optimizer, engine } = scenario;
  const said: string[] = [];
  if (train.method === "full" && weightFormat(scenario) !== "none") {
    said.push(
      `quantization.weights = "${scenario.quantization.weights}" with train.method = "full": quantised weights are not trained in practice; did you mean qlora?`,
    );
  }
  if (train.checkpointing === "selective") {
    said.push(
      'train.checkpointing = "selective" is counted as none: the factors method knows full checkpointing only',
    );
  }
  if (train.loss === "chunked") {
    said.push(
      'train.loss = "chunked" is counted as full logits: the factors method knows the fused loss only',
    );
  }
  if (optimizer.name !== "adamw") {
    said.push(
      `optimizer.name = "${optimizer.name}": the factors method counts 4 bytes a parameter for every optimizer but AdamW, and no master weights`,
    );
  }
  if (optimizer.bits === 4) {
    said.push("optimizer.bits = 4 is counted as 8-bit states");
  }
  if (
    engine.zero_stage > 0 &&
    !["auto", "deepspeed", "megatron-deepspeed"].includes(engine.name)
  ) {
    said.push(
      `engine.zero_stage = ${engine.zero_stage} has no effect: engine.name is "${engine.name}"`,
    );
  }
  if (engine.zero_stage > 0 && mesh.dp === 1) {
    said.push(
      `engine.zero_stage = ${engine.zero_stage} shards nothing: there is one data-parallel replica`,
    );
  }
  return said;
}

function servingWarnings({ scenario, sharding }: FactorsSetup): string[] {
  const { zero_stage } = scenario.engine;
  return [
    ...(zero_stage > 0 && sharding.stage < 3
      ? [
        `engine.zero_stage = ${zero_stage} has no effect: only stage 3 shards weights, and nothing else stands when serving`,
      ]
      : []),
    "The factors method was made for training: when serving it counts weights, the key-value cache and fixed cushions, but neither the prefill's activations nor what an engine reserves up front",
  ];
}
