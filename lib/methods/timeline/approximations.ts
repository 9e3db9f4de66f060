import { expertsAreLinears } from "../../models/families/code/experts.ts";
import { askedImplementation } from "../../optimizers/implementation.ts";
import {
  MAX_REPLAYED_EVENTS,
  MAX_REPLAYED_LAYERS,
} from "../../play/memory/limits.ts";
import { gpuOf } from "../../hardware/gpus.ts";
import { isPlayed } from "../../software/mod.ts";
import { linearsOf } from "../../software/torchao/linears.ts";
import { canBePaged } from "../../optimizers/rules.ts";
import { headWidthOf } from "../../plan/rotary_widths.ts";
import { MAX_FLASH_WIDTH } from "../../play/torch/ops/attention/sdpa.ts";
import { unpackedExperts } from "../../plan/storage.ts";
import { isTooLong } from "../../play/readers/allocator/peaks.ts";
import type { Step } from "../../engines/step.ts";
import { formatCount, groupDigits } from "../../units/mod.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { weightFormat } from "../../scenario/weight_format.ts";

/**
 * Source: pytorch aten/src/ATen/native/cuda/ScaledBlas.cpp,
 * _scaled_mm_allowed_device; NVIDIA/TransformerEngine
 * transformer_engine/pytorch/quantization.py, check_fp8_support
 */
const LEAST_OF_FP8 = 8.9;

/** Whether a GPU of NVIDIA's has no products in 8 bits. */
function lacksFp8(gpu: Scenario["hardware"]["gpu"]): boolean {
  const capability = gpuOf(gpu)?.compute_capability ?? null;
  return capability !== null && Number(capability) < LEAST_OF_FP8;
}

/** Something that a step is played with that is not known for certain. */
type Approximation = readonly [
  holds: (step: Step) => boolean,
  text: (step: Step) => string,
];

const APPROXIMATIONS: readonly Approximation[] = [
  [
    ({ unevaluated, scenario }) =>
      unevaluated !== undefined && evaluationMayBind(scenario),
    ({ unevaluated }) => `train.evaluation: ${unevaluated} is not played`,
  ],
  [
    ({ plan: { facts } }) => facts.code.packing.findsNone,
    ({ plan: { scenario } }) =>
      `quantization.weights ${
        weightFormat(scenario)
      }: transformers from 5.5 on leaves Falcon's linear layers as they are, for their class is their own; software.transformers before that packs them`,
  ],
  [
    ({ plan: { scenario, model } }) => unpackedExperts(scenario, model) > 0,
    ({ plan: { scenario, model, facts } }) =>
      `quantization.weights ${
        weightFormat(scenario)
      }: bitsandbytes packs linear layers only and leaves the experts, ${
        formatCount(unpackedExperts(scenario, model))
      } of ${
        formatCount(model.parameters)
      } parameters, for transformers keeps those of a layer in one tensor${
        expertsAreLinears(facts.family.experts, 4)
          ? "; software.transformers 4.57.1 packs them"
          : ""
      }`,
  ],
  [
    ({ plan }) =>
      plan.scenario.train.attention === "flash" &&
      plan.encoders === null && widestHeads(plan) > MAX_FLASH_WIDTH,
    ({ plan }) =>
      `train.attention flash takes no heads of ${
        groupDigits(widestHeads(plan))
      } features, only up to ${MAX_FLASH_WIDTH}: layers that have such heads are played with PyTorch's own attention, as train.attention sdpa runs them`,
  ],
  [
    ({ plan }) => plan.scenario.train.method === "qlora" && hasStreams(plan),
    ({ plan: { scenario } }) =>
      `quantization.weights ${
        weightFormat(scenario)
      }: transformers' code clamps the weight of prediction_coefs in place, which stops where bitsandbytes has packed it, as PEFT does not know to leave it out`,
  ],
  [
    ({ plan: { scenario, facts } }) =>
      facts.family.attention.picksTokens &&
      scenario.train.attention === "flash",
    () =>
      "train.attention flash does not exist for attention to picked tokens: sdpa is played",
  ],
  [
    ({ plan: { facts } }) => facts.family.layer.leavesOut,
    ({ plan: { model } }) =>
      `models of type ${model.architecture.type}: their own code, which lies beside their weights, is taken to run as transformers' for Llama`,
  ],
  [
    ({ program }) => isTooLong(program),
    ({ program: { events } }) =>
      `PyTorch's allocator is taken to cache nothing: a step of more than ${
        groupDigits(MAX_REPLAYED_LAYERS)
      } layers, or ${
        groupDigits(MAX_REPLAYED_EVENTS)
      } allocations and frees, is not played on it, and this one has ${
        groupDigits(events)
      }`,
  ],
  [
    ({ plan: { scenario } }) => !isPlayed(scenario),
    ({ plan: { scenario } }) =>
      `software.model_code "${scenario.software.model_code}" is not played through yet: transformers' code is`,
  ],
  [
    ({ plan: { facts } }) =>
      facts.code.positionsAssumed !== null && facts.traits.rotary !== "none",
    ({ plan: { scenario, facts } }) =>
      `software.model_code ${scenario.software.model_code}: ${facts.code.positionsAssumed}`,
  ],
  [
    ({ plan: { scenario: { train }, encoders } }) =>
      train.padding_mask && train.attention === "flash" && encoders !== null,
    () =>
      "train.padding_mask with flash attention: an encoder's copies of heads without padding are not counted",
  ],
  [
    ({ plan: { scenario: { train, engine } } }) =>
      train.kernels === "compile" && engine.name !== "megatron",
    () =>
      "train.kernels compile: saved tensors as torch 2.13's partitioner chooses them for Llama's layers",
  ],
  [
    ({ plan: { scenario, encoders } }) =>
      scenario.train.kernels === "liger" && encoders === null,
    () =>
      "train.kernels liger: norms, rotation and cross entropy are fused but not the MLP's gate, as in the measured runs; Liger's whole patch takes less",
  ],
  [
    ({ plan: { scenario } }) =>
      scenario.train.checkpointing === "selective" &&
      scenario.train.selective === null &&
      scenario.engine.name !== "megatron",
    () =>
      "train.checkpointing selective: every second layer is taken to be checkpointed",
  ],
  [
    ({ plan: { scenario: { train } } }) =>
      train.checkpoint_offload && train.checkpointing !== "none",
    () =>
      "train.checkpoint_offload: one checkpoint at a time is taken to be on its way; its buffers on the host are pinned",
  ],
  [
    ({ plan: { scenario: { train } } }) =>
      train.activation_offloading === "streams",
    () =>
      "train.activation_offloading streams: the last five saved tensors of a layer are taken to be copied when the next begins; with checkpoints up to five more of them may stand",
  ],
  [
    ({ plan: { scenario: { quantization, train } } }) =>
      quantization.experts && train.lora.target_parameters.length > 0,
    () =>
      "quantization.experts with train.lora.target_parameters: how PEFT reads packed experts is taken from its code, no run of it was traced",
  ],
  [
    ({ plan: { scenario: { train }, model } }) =>
      train.mlp_tiles !== null && model.architecture.experts > 0,
    () => "train.mlp_tiles has no effect: layers with experts are not tiled",
  ],
  [
    ({ plan: { scenario: { train } } }) =>
      train.checkpoint_offload && train.checkpointing === "none",
    () =>
      "train.checkpoint_offload has no effect: train.checkpointing is none, and activations stay on the GPU",
  ],
  [
    ({ plan: { scenario, facts, encoders } }) =>
      scenario.train.loss === "chunked" &&
      facts.code.loss.piecesAssumed !== null && encoders === null,
    ({ plan: { facts } }) =>
      `train.loss chunked: ${facts.code.loss.piecesAssumed}`,
  ],
  [
    ({ plan: { scenario } }) =>
      scenario.precision.fp8 !== null &&
      scenario.engine.name !== "megatron" &&
      linearsOf(scenario)?.kind !== "float8",
    ({ plan: { scenario: { precision } } }) =>
      `precision.fp8 ${precision.fp8} has no effect: Transformer Engine's products are played under Megatron alone`,
  ],
  [
    ({ plan: { scenario: { precision, hardware } } }) =>
      precision.fp8 !== null && lacksFp8(hardware.gpu),
    ({ plan: { scenario: { precision, hardware } } }) =>
      `precision.fp8 ${precision.fp8}: ${hardware.gpu} has compute capability ${
        gpuOf(hardware.gpu)?.compute_capability
      }, and products in 8 bits need ${LEAST_OF_FP8}: training would stop`,
  ],
  [
    ({ plan: { scenario, encoders } }) =>
      scenario.train.target_length !== null && !encoders?.decoder,
    ({ plan: { scenario: { train }, model } }) =>
      `train.target_length ${train.target_length} has no effect: ${model.name} has no decoder that reads an encoder`,
  ],
  [
    ({ plan: { scenario } }) => {
      const how = linearsOf(scenario);
      return how?.kind === "float8" && how.fused;
    },
    () =>
      "precision.fp8 with train.kernels compile: compiled kernels are taken to make nothing but the factors in 8 bits; none were traced",
  ],
  [
    ({ plan: { scenario: { precision, engine } } }) =>
      precision.fp8 !== null && engine.name.startsWith("fsdp"),
    () =>
      "precision.fp8: FSDP is taken to gather weights in precision.weights, not in fp8",
  ],
  [
    ({ rule }) => rule.basis === "assumed",
    ({ plan: { scenario } }) =>
      `optimizer.name ${scenario.optimizer.name}: its tensors are from its paper or source, not traced`,
  ],
  [
    ({ plan: { scenario: { optimizer } }, rule, plan }) =>
      optimizer.paged &&
      plan.inventory.trained.every((tensor) =>
        rule.managed(tensor).length === 0
      ),
    ({ plan: { scenario: { optimizer } } }) =>
      optimizer.bits !== 4 && canBePaged(optimizer.name)
        ? "optimizer.paged has no effect: bitsandbytes pages states of tensors from 100,000 elements on, and none that trains is as large"
        : `optimizer.paged has no effect: bitsandbytes has no paged ${optimizer.name} of ${optimizer.bits} bits`,
  ],
  [
    ({ plan: { scenario }, implementation }) =>
      !["auto", implementation].includes(
        askedImplementation(scenario.optimizer),
      ),
    ({ plan: { scenario }, implementation }) =>
      `optimizer.implementation ${scenario.optimizer.implementation} does not exist for ${scenario.optimizer.name}: ${implementation} is taken`,
  ],
  [
    ({ plan: { scenario: { optimizer } }, engine }) =>
      optimizer.implementation === "deepspeed" && engine.name !== "deepspeed",
    () =>
      'optimizer.implementation = "deepspeed" has no effect: DeepSpeed alone steps with it',
  ],
  [
    ({ plan: { scenario: { precision } } }) =>
      precision.master_weights === "fp32" ||
      precision.optimizer_states !== null,
    () =>
      "precision.master_weights and precision.optimizer_states: states are counted as asked; what the step takes beside them is not known",
  ],
];

/** Whether a decoder has several streams that predict each other. */
function hasStreams({ stack }: Step["plan"]): boolean {
  return stack.kinds.some(({ tensors }) =>
    tensors.has("altup.prediction_coefs.weight")
  );
}

/** Features of the widest heads of a decoder's layers. */
function widestHeads({ facts, stack }: Step["plan"]): number {
  return Math.max(...stack.kinds.map((kind) => headWidthOf(facts, kind)));
}

/** What a step's reader has to know about how it was played. */
export function approximations(step: Step): string[] {
  return APPROXIMATIONS.flatMap(([holds, text]) =>
    holds(step) ? [text(step)] : []
  );
}

/** Whether an evaluation may need more than the step, whose passes keep more. */
function evaluationMayBind({ train }: Step["scenario"]): boolean {
  const { micro_batch, sequence_length, kept_batches } = train.evaluation;
  const tokens = (micro_batch ?? 0) *
    (sequence_length ?? train.sequence_length);
  return kept_batches > 0 ||
    tokens > train.micro_batch * train.sequence_length;
}
