import { usableBytes } from "../../hardware/gpus.ts";
import { changesOf } from "../../scenario/default_scenario.ts";
import { formatBytes } from "../../units/mod.ts";
import type { Answer } from "../method.ts";
import { defaultsTaken } from "../defaults_taken.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";
import { KEPT, splitsActivations, splitsSequence } from "./activations.ts";
import { recommendedBatch } from "./recommended_batch.ts";
import type { EngineFormulasSetup } from "./setup.ts";
import { gathersLayers, offloadsOptimizer, offloadsWeights } from "./states.ts";

/** Fields that the method models for any task, or that change no memory. */
const ALWAYS = [
  "model",
  "task",
  "method",
  "hardware",
  "precision.weights",
  "parallel.gpus",
  "parallel.tp",
];

const WHEN_TRAINING = [
  ...ALWAYS,
  "engine_formulas.checkpointing_level",
  "quantization.weights",
  "optimizer.name",
  "optimizer.bits",
  "engine.name",
  "engine.zero_stage",
  "engine.sharding",
  "train.method",
  "train.micro_batch",
  "train.sequence_length",
  "train.gradient_accumulation",
  "train.checkpointing",
];

const WHEN_SERVING = [
  ...ALWAYS,
  "serve.engine",
  "serve.batch",
  "serve.input_tokens",
  "serve.output_tokens",
  "serve.kv_cache",
  "serve.kv_dtype",
  "serve.memory_utilization",
];

/**
 * Collects what the method took for granted and what it left out.
 *
 * @param peak Bytes per GPU.
 * @param host Bytes of host memory, of all nodes together.
 */
export function remarks(
  setup: EngineFormulasSetup,
  peak: number,
  host: number,
): Pick<Answer, "assumptions" | "warnings"> {
  const { scenario, model } = setup;
  const training = scenario.task === "train";
  const changes = changesOf(scenario);
  const meaningless = unused(scenario, changes);
  return {
    assumptions: [
      ...defaultsTaken(scenario, model, changes, coveredBy(setup)),
      ...model.notes,
      ...(training ? taken(setup, host) : []),
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...(training
        ? [...trainingWarnings(setup), ...advice(setup, peak)]
        : servingWarnings(setup)),
      ...uncovered(changes, coveredBy(setup), meaningless).map((field) =>
        `${field} has no effect: the engine-formulas method does not model it here`
      ),
    ],
  };
}

/** The fields that this scenario's formulas look at. */
function coveredBy(setup: EngineFormulasSetup): ReadonlySet<string> {
  const { scenario } = setup;
  if (scenario.task === "serve") {
    return new Set([
      ...WHEN_SERVING,
      ...(scenario.serve.engine === "sglang" ? ["serve.max_sequences"] : []),
    ]);
  }
  return new Set([
    ...WHEN_TRAINING,
    ...(gathersLayers(setup)
      ? ["engine_formulas.largest_layer_parameters"]
      : []),
    ...(splitsActivations(setup) ? ["parallel.pp"] : []),
    ...(setup.layout === "megatron" ? ["engine.distributed_optimizer"] : []),
    ...(splitsSequence(setup) ? ["parallel.sequence_parallel"] : []),
    ...(offloadsOptimizer(setup)
      ? ["engine.offload_optimizer", "parallel.gpus_per_node"]
      : []),
    ...(offloadsWeights(setup) ? ["engine.offload_parameters"] : []),
  ]);
}

function taken(setup: EngineFormulasSetup, host: number): string[] {
  const { scenario, layout, level } = setup;
  const { engine, train, engine_formulas: own, parallel } = scenario;
  const said: string[] = [];
  if (own.checkpointing_level === null && train.checkpointing !== "none") {
    said.push(
      `train.checkpointing = "${train.checkpointing}" is counted as level ${level} of 0 to 4, which keeps ${
        100 * (KEPT[level] ?? 1)
      } % of the activations`,
    );
  }
  if (engine.name.startsWith("fsdp")) {
    said.push(
      layout === "zero"
        ? `FSDP's sharding "grad_op" is counted as ZeRO stage 2`
        : `FSDP's sharding "${engine.sharding}" gathers one layer at a time`,
    );
  }
  if (layout === "megatron-deepspeed" && engine.zero_stage === 0) {
    said.push(
      "engine.zero_stage = 0 is counted as stage 2 under Megatron-DeepSpeed, as the program does",
    );
  }
  if (scenario.optimizer.name.startsWith("sgd")) {
    said.push("SGD is counted with momentum: 4 bytes a parameter");
  }
  if (host > 0) {
    const nodes = Math.ceil(parallel.gpus / parallel.gpus_per_node);
    said.push(
      `Host memory: ${formatBytes(Math.round(host))} over ${
        nodes === 1 ? "one node" : `${nodes} nodes`
      }`,
    );
  }
  return said;
}

function trainingWarnings(setup: EngineFormulasSetup): string[] {
  const { scenario, layout, stage, mesh, dtypeBytes } = setup;
  const { engine, optimizer } = scenario;
  const said: string[] = [];
  const fixed = layout !== "ddp" && layout !== "megatron";
  if (fixed && dtypeBytes !== 2) {
    said.push(
      `${
        scenario.quantization.weights === "none"
          ? `precision.weights = ${scenario.precision.weights}`
          : `quantization.weights = ${scenario.quantization.weights}`
      } is counted as 16 bits: the method's formula for ${engine.name} knows no other`,
    );
  }
  if (fixed && (optimizer.bits !== 32 || optimizer.name.startsWith("sgd"))) {
    said.push(
      `optimizer.name = ${optimizer.name} with ${optimizer.bits} bits is counted as AdamW: the method's formula for ${engine.name} knows no other`,
    );
  }
  if (layout === "megatron") {
    if (mesh.pp > 1) {
      said.push(
        `parallel.pp = ${mesh.pp} divides the activations only: the method splits Megatron's weights, gradients and optimizer states by tp alone`,
      );
    }
    if (mesh.dp > 1 && engine.distributed_optimizer) {
      said.push(
        "Megatron's distributed optimizer is not modelled: its states count as whole on each replica",
      );
    }
  }
  if ((layout === "zero" || layout === "fsdp") && mesh.dp < mesh.gpus) {
    said.push(
      `States are divided by all ${mesh.gpus} GPUs, as the program does; ${engine.name} divides them by the ${mesh.dp} data-parallel replicas`,
    );
  }
  if (
    engine.zero_stage > 0 &&
    !["auto", "deepspeed", "megatron-deepspeed"].includes(engine.name)
  ) {
    said.push(
      `engine.zero_stage = ${engine.zero_stage} has no effect: engine.name is "${engine.name}"`,
    );
  }
  if (layout === "megatron-deepspeed" && offloadsOptimizer(setup)) {
    said.push(
      "Host memory of the offloaded states is not modelled under Megatron-DeepSpeed",
    );
  }
  if (stage === 3 && layout === "zero") {
    said.push(
      "The program lists ZeRO-3's sharded weights nowhere and counts them in the share for overhead alone",
    );
  }
  return said;
}

/** The program's advice where the scenario does not fit. */
function advice({ scenario }: EngineFormulasSetup, peak: number): string[] {
  const { micro_batch } = scenario.train;
  const usable = usableBytes(scenario.hardware.gpu);
  const batch = recommendedBatch(micro_batch, peak, usable);
  if (batch === null) return [];
  const why = batch < micro_batch
    ? `instead of ${micro_batch}, as if all memory grew with it; states do not`
    : "it cannot be less, so something else has to give";
  return [
    `The method's rule recommends train.micro_batch = ${batch}${
      batch < micro_batch ? " " : ": "
    }${why}`,
  ];
}

function servingWarnings(
  { scenario, model, mesh }: EngineFormulasSetup,
): string[] {
  const { architecture } = model;
  const said: string[] = [];
  if (architecture.kv_heads !== architecture.attention_heads) {
    said.push(
      `The cache is counted for all ${architecture.attention_heads} attention heads, though the model keeps ${architecture.kv_heads}`,
    );
  }
  if (mesh.tp > 1) {
    said.push(
      "Cache and activations count as whole on each GPU: the method splits weights alone by tp",
    );
  }
  if (!scenario.serve.kv_cache) {
    said.push("serve.kv_cache = false leaves the cache out, and nothing else");
  }
  return said;
}
