import type { Dtype } from "../play/torch/dtype.ts";
import type { Parameter } from "../play/torch/values.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import { scattersOnes } from "../play/torch/ops/compiled_loss.ts";
import { fusedLoss } from "../play/torch/ops/fused_loss.ts";
import { lossOfCast } from "../play/torch/ops/head_loss.ts";
import type { LossSettings } from "../play/torch/ops/loss.ts";
import { tiledLoss } from "../play/torch/ops/tiled_loss.ts";
import { wholeLoss } from "../play/torch/ops/loss.ts";
import type { EmbeddingPlan } from "../play/record/embedding_plan.ts";
import type { HeadPlan } from "../play/record/outer_blocks.ts";
import type { LayerInputsPlan } from "../play/record/inputs_of_layers.ts";
import type { RecordedStack } from "../play/record/record_stack.ts";
import { bareNorm } from "./layer_norms.ts";
import { isTiled } from "./context.ts";
import type { Mask } from "../play/layers/mask.ts";
import { masksOf } from "./masks.ts";
import type { StepPlan } from "./step_plan.ts";
import { isOfTower } from "../models/tensors/tower.ts";
import { rotaryWidthsOf } from "./rotary_widths.ts";
import { versionOf } from "../scenario/version.ts";

/**
 * What runs before the layers.
 *
 * @param vision The images that the text reads; null without.
 */
export function embeddingPlanOf(
  plan: StepPlan,
  vision: RecordedStack | null,
): EmbeddingPlan {
  const { outside, facts, scenario } = plan;
  const { traits, family, batch, sequence, architecture } = facts;
  const table = outside.find((_, { role }) => role === "embedding") ?? "";
  // A tower's are of its patches.
  const positions = outside.find((_, tensor) =>
    tensor.role === "position" && tensor.module === "embedding" &&
    !isOfTower(tensor)
  );
  const own = outside.parameter(table);
  if (!own) throw new RangeError(`${plan.model.name} has no embedding`);
  return {
    rows: batch * sequence,
    labels: plan.objective?.labels ??
      batch * (plan.classHead?.labels ?? sequence),
    hidden: own.shape[1] ?? architecture.hidden_size,
    table: own,
    adapter: outside.embeddingAdapter(table.slice(0, -".weight".length)),
    positions: outside.parameter(positions),
    // OPT counts positions by the mask of each sequence.
    places: family.embedding.ownPositions ? batch * sequence : sequence,
    norm: family.embedding.normsBare ? bareNorm(traits.norm) : null,
    scaled: traits.scaledEmbeddings ? scaledBy(plan) : null,
    dropout: traits.dropout.embedding,
    // Parts of sequences are handed in with the positions of their tokens.
    rotaryRows: facts.code.rotary.ofSequences || family.rotary.perSequence ||
        facts.attention.context
      ? batch * sequence
      : sequence,
    rotaryWidths: rotaryWidthsOf(plan),
    held: facts.code.holdsEmbeddings,
    forcesGrad: facts.code.forcesGrad,
    forcesLate: facts.code.forcesGrad && facts.code.forcesLate &&
      !traits.scaledEmbeddings,
    holdsLeaf: plan.objective !== null,
    masks: [
      ...masksOf(facts, plan.windows, plan.stack.kinds),
      ...crossedMasks(plan),
    ],
    keepsMasks: scenario.train.checkpointing !== "none",
    images: plan.vision?.merge && vision
      ? {
        tokens: plan.vision.tokens,
        merge: plan.vision.merge,
        dtype: vision.dtype,
        needsGrad: vision.needsGrad,
        until: plan.vision.joinedUntil ?? "forward",
      }
      : null,
    layerInputs: layerInputsOf(plan),
    streams: streamsBy(outside, "altup_projections"),
  };
}

/** How the inputs of each layer are made; null of a model without them. */
function layerInputsOf(
  { outside, stack, facts }: StepPlan,
): LayerInputsPlan | null {
  const table = outside.parameter(
    outside.find((name) => /embed_tokens_per_layer\.weight$/.test(name)),
  );
  const projection = outside.linear(
    outside.pathOf((name) => /per_layer_model_projection\./.test(name)),
  );
  const norm = outside.norm(
    outside.pathOf((name) => LAYER_INPUTS_NORM.test(name)),
    facts.traits.norm,
  );
  const layers = stack.layers.length;
  return table && projection && norm
    ? { table, projection, norm, layers }
    : null;
}

/** What makes or unmakes a model's other streams, in their order. */
function streamsBy(
  outside: StepPlan["outside"],
  name: string,
): AdaptedLinear[] {
  return [...outside.names()].filter((each) =>
    each.includes(`.${name}.`) && each.endsWith(".weight")
  ).flatMap((each) => outside.linear(each.slice(0, -".weight".length)) ?? []);
}

const LAYER_INPUTS_NORM = /per_layer_projection_norm\./;

/**
 * Gemma's embeddings multiply themselves; before transformers 5 those of the first
 * two did not.
 *
 * Source: huggingface/transformers models/gemma/modeling_gemma.py of 4.57 and
 * 5.23.0, models/granitemoehybrid/modeling_granitemoehybrid.py
 */
function scaledBy({ facts, scenario }: StepPlan): "module" | "model" {
  const { scaled } = facts.family.embedding;
  if (scaled === null) return "model";
  const isOld = versionOf(scenario.software.transformers)?.major === 4;
  return isOld && scaled === "by model before 5" ? "model" : "module";
}

/** Which of their images' features tokens look at. */
function crossedMasks({ vision }: StepPlan): Mask[] {
  const mask = vision?.crossed?.mask;
  return mask ? [{ elements: mask.elements, isTruth: false }] : [];
}

/** What runs behind the layers, and its loss. */
export function headPlanOf(plan: StepPlan, first: EmbeddingPlan): HeadPlan {
  const { outside, facts } = plan;
  const last = outside.pathOf((name, { role, piece }) =>
    role === "norm" && piece === "language_model" &&
    !LAYER_INPUTS_NORM.test(name)
  );
  const own = outside.linear(outside.pathOf((_, { role }) => role === "head"));
  // A copy of the embeddings that trains leaves the head what it was tied to.
  const { name } = first.table;
  const table = (outside.isSaved(name) && outside.loaded(name)) || first.table;
  const head = own ?? outside.savedHead() ??
    tiedHead(table, outside.adapterOf("lm_head"));
  const input = facts.stateSpaces?.wideResidual && "trains" in head.weight
    ? head.weight.dtype
    : null;
  return {
    rows: first.rows,
    hidden: first.hidden,
    vocabulary: facts.architecture.vocab_size,
    norm: bareNorm(facts.traits.norm) ?? outside.norm(last, facts.traits.norm),
    head,
    streams: streamsBy(outside, "altup_unembed_projections"),
    ...lossOf(plan, input),
    ...objectiveHead(plan),
  };
}

/** What a trainer puts in place of the model's loss. */
function objectiveHead(
  { objective, scenario }: StepPlan,
): Pick<HeadPlan, "scores" | "multiplies"> & Partial<Pick<HeadPlan, "take">> {
  const { take = null, scores = null } = objective?.head ?? {};
  return take ? { take, scores, multiplies: false } : {
    scores,
    multiplies: scores
      ? scores.ofHidden !== true
      : scenario.train.loss === "full",
  };
}

function tiedHead(
  table: Parameter,
  adapter: AdaptedLinear["adapter"],
): AdaptedLinear {
  const [out = 1, width = 1] = table.shape;
  return {
    name: "lm_head",
    in: width,
    out,
    weight: table,
    bias: null,
    adapter,
  };
}

/**
 * What takes the loss, and how a loss of all logits is taken.
 *
 * @param input The type that model code casts hidden states to for its head.
 */
function lossOf(
  { scenario, facts }: StepPlan,
  input: Dtype | null,
): Pick<HeadPlan, "loss" | "take"> {
  const { software, train } = scenario;
  const { code, traits } = facts;
  const pieces = train.loss === "chunked" ? code.loss.pieces(input) : null;
  const loss: LossSettings = {
    copies: facts.stateSpaces?.castsLogits ? "cast" : code.loss.copies,
    kernel: train.kernels === "compile" && code.loss.staysEager
      ? "eager"
      : LOSS_KERNELS[train.kernels],
    scatters: scattersOnes(software.torch),
    softcap: traits.finalSoftcap,
    scaled: traits.scaledLogits,
    keepsLogits: pieces?.keepsLogits ?? false,
    widensOutputs: code.loss.widensOutputs,
  };
  const usual = isTiled(scenario)
    ? lossOfCast(input, tiledLoss)
    : train.loss === "fused"
    ? lossOfCast(input, fusedLoss)
    : wholeLoss(loss, input);
  const own = isTiled(scenario) ? null : pieces;
  return { loss, take: code.loss.own ?? own?.take ?? usual };
}

const LOSS_KERNELS = {
  eager: "eager",
  liger: "in place",
  compile: "compiled",
} as const;
