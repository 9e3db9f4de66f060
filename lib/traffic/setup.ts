import { FLOAT_BYTES, weightBytes } from "../models/weight_bytes.ts";
import type { Scenario } from "../scenario/schema.ts";
import { groupsOf } from "./placement.ts";
import type { Held } from "./held.ts";
import { heldBy } from "./held.ts";
import type { TrafficQuestion } from "./question.ts";

/** The quantities that several axes share. */
export interface TrafficSetup extends TrafficQuestion {
  groups: ReturnType<typeof groupsOf>;
  /** Parameters of the busiest GPU. */
  held: Held;
  /** Forward and backward passes per optimizer step. */
  microSteps: number;
  /** Bytes of an element of a hidden state. */
  activationBytes: number;
  /** Bytes of an element of a parameter as it is gathered. */
  parameterBytes: number;
  /** Bytes of an element of a gradient as it is reduced. */
  gradientBytes: number;
  /** Tokens of a micro batch on one context parallel rank. */
  tokens: number;
  /** 1 where the backward pass runs the layers' forward once more, else 0. */
  recomputed: number;
  /** ceil(layers / pp) */
  layers: number;
  /** Of these, layers with routed experts. */
  expertLayers: number;
}

/** Works the shared quantities out. */
export function trafficSetup(question: TrafficQuestion): TrafficSetup {
  const { scenario, model, mesh } = question;
  const { train, precision, parallel } = scenario;
  const { architecture } = model;
  const layers = Math.ceil(architecture.layers / mesh.pp);
  const withExperts = architecture.experts > 0
    ? architecture.layers - architecture.dense_layers
    : 0;
  const groups = groupsOf(mesh);
  return {
    ...question,
    groups,
    held: heldBy(question, groups.splitsExperts),
    microSteps: mesh.pp > 1
      ? Math.max(train.gradient_accumulation, parallel.microbatches ?? 1)
      : train.gradient_accumulation,
    activationBytes: FLOAT_BYTES[precision.autocast ?? precision.weights],
    parameterBytes: parameterBytes(scenario),
    gradientBytes: gradientBytes(scenario),
    tokens: Math.ceil(train.micro_batch * train.sequence_length / mesh.cp),
    recomputed: train.checkpointing === "full" ? 1 : 0,
    layers,
    expertLayers: Math.min(layers, Math.ceil(withExperts / mesh.pp)),
  };
}

/** Whether an engine's name means FSDP. */
export function isFsdp({ name }: Scenario["engine"]): boolean {
  return name === "fsdp" || name === "fsdp2";
}

/**
 * FSDP gathers in the type that it computes in (PyTorch, `MixedPrecision`:
 * `param_dtype`); what is quantised travels packed.
 */
function parameterBytes(scenario: Scenario): number {
  const { precision, engine, train, quantization } = scenario;
  const packed = train.method === "qlora" || quantization.weights !== "none"
    ? weightBytes(scenario)
    : null;
  if (packed !== null) return packed;
  return isFsdp(engine)
    ? FLOAT_BYTES[precision.autocast ?? precision.weights]
    : FLOAT_BYTES[precision.weights];
}

/**
 * DDP reduces gradients as they are, which is the parameter's type; DeepSpeed in
 * the type of its module (`communication_data_type`); FSDP in the type that it
 * computes in; Megatron accumulates and reduces those of bf16 in fp32
 * (`accumulate_allreduce_grads_in_fp32`, which `--bf16` sets).
 */
function gradientBytes({ precision, engine, train }: Scenario): number {
  if (precision.gradients === "fp32") return FLOAT_BYTES.fp32;
  if (isFsdp(engine)) {
    return FLOAT_BYTES[precision.autocast ?? precision.weights];
  }
  if (engine.name === "megatron" && precision.weights === "bf16") {
    return FLOAT_BYTES.fp32;
  }
  const replicated = ["ddp", "single"].includes(engine.name) ||
    (engine.name === "auto" && engine.zero_stage === 0);
  return train.method !== "full" && replicated
    ? FLOAT_BYTES[train.lora.adapter_dtype]
    : FLOAT_BYTES[precision.weights];
}
