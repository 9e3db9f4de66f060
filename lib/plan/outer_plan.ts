import type { Scenario } from "../scenario/schema.ts";
import type { Parameter } from "../play/torch/machine.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import { scattersOnes } from "../play/torch/ops/compiled_loss.ts";
import type { LossSettings } from "../play/torch/ops/loss.ts";
import type { EmbeddingPlan, HeadPlan } from "../play/record/outer_blocks.ts";
import type { VisionPass } from "../engines/blocks/vision_pass.ts";
import { chunksOf } from "./chunks.ts";
import { BARE_NORM } from "./layer_plan.ts";
import { logitCopies } from "./logit_copies.ts";
import { masksOf } from "./masks.ts";
import { widensOutputs } from "./model_code.ts";
import type { StepPlan } from "./step_plan.ts";
import { versionOf } from "./version.ts";

/**
 * What runs before the layers.
 *
 * @param vision The images that the text reads; null without.
 */
export function embeddingPlanOf(
  plan: StepPlan,
  vision: VisionPass | null,
): EmbeddingPlan {
  const { outside, facts, scenario } = plan;
  const { traits, family, batch, sequence, architecture } = facts;
  const table = outside.find((_, { role }) => role === "embedding") ?? "";
  const positions = outside.find((_, { role, module }) =>
    role === "position" && module === "embedding"
  );
  const own = outside.parameter(table);
  if (!own) throw new RangeError(`${plan.model.name} has no embedding`);
  return {
    rows: batch * sequence,
    labels: batch * (plan.classHead?.labels ?? sequence),
    hidden: own.shape[1] ?? architecture.hidden_size,
    table: own,
    adapter: outside.embeddingAdapter(table.slice(0, -".weight".length)),
    positions: outside.parameter(positions),
    // OPT counts positions by the mask of each sequence.
    places: family.embedding.ownPositions ? batch * sequence : sequence,
    norm: null,
    scaled: traits.scaledEmbeddings ? scaledBy(plan) : null,
    dropout: traits.dropout.embedding,
    rotaryRows: plan.directLoss || family.rotary.perSequence
      ? batch * sequence
      : sequence,
    rotaryTables: family.rotary.tables,
    rotaryWidth: traits.rotary === "none"
      ? 0
      : traits.rotary === "part"
      ? Math.round(architecture.head_dim * traits.rotaryShare)
      : traits.rotary === "halves"
      ? architecture.head_dim / 2
      : architecture.head_dim,
    held: facts.code.heads === "transformers" && plan.directLoss === null,
    forcesGrad: facts.code.forcesGrad && forcesGrad(scenario),
    forcesLate: facts.code.forcesGrad && forcesGrad(scenario) &&
      forcesLate(plan),
    masks: masksOf(facts, plan.windows, plan.stack.kinds),
    keepsMasks: scenario.train.checkpointing !== "none",
    images: plan.vision && vision
      ? {
        tokens: plan.vision.tokens,
        merge: plan.vision.merge,
        dtype: vision.dtype,
        needsGrad: vision.needsGrad,
      }
      : null,
  };
}

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

/**
 * Whether gradients are led to the embeddings' output though no weight there
 * trains: for checkpoints alone, of a quantised model too.
 *
 * Source: huggingface/peft src/peft/peft_model.py,
 * _prepare_model_for_gradient_checkpointing; utils/other.py
 */
export function forcesGrad({ train }: Scenario): boolean {
  return train.method !== "full" && train.checkpointing !== "none";
}

/**
 * Assumed of transformers 4: SantaCoder's measured runs hold neither the embeddings
 * nor the mask of their dropout, PowerLM's hold the embeddings that it multiplies.
 */
function forcesLate({ facts, scenario }: StepPlan): boolean {
  return versionOf(scenario.software.transformers)?.major === 4 &&
    !facts.traits.scaledEmbeddings;
}

/** What runs behind the layers, and its loss. */
export function headPlanOf(plan: StepPlan, first: EmbeddingPlan): HeadPlan {
  const { outside, facts } = plan;
  const last = outside.pathOf((_, { role, piece }) =>
    role === "norm" && piece === "language_model"
  );
  const own = outside.linear(outside.pathOf((_, { role }) => role === "head"));
  // A copy of the embeddings that trains leaves the head what it was tied to.
  const { name } = first.table;
  const table = (outside.isSaved(name) && outside.loaded(name)) || first.table;
  const head = own ?? outside.savedHead() ??
    tiedHead(table, outside.adapterOf("lm_head"));
  return {
    rows: first.rows,
    hidden: first.hidden,
    vocabulary: facts.architecture.vocab_size,
    norm: facts.traits.norm === "bare"
      ? BARE_NORM
      : outside.norm(last, facts.traits.norm),
    headInput: facts.stateSpaces?.wideResidual && "trains" in head.weight
      ? head.weight.dtype
      : null,
    head,
    loss: lossSettings(plan),
    directLoss: plan.directLoss,
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

function lossSettings({ scenario, facts }: StepPlan): LossSettings {
  const { software, train } = scenario;
  const { code, family, traits } = facts;
  const chunks = train.loss === "chunked" && code.loss !== "transformers"
    ? chunksOf(scenario, code)
    : null;
  return {
    kind: train.loss,
    chunks,
    copies: code.loss === "torchtune" || facts.stateSpaces?.castsLogits
      ? "cast"
      : logitCopies(family.loss, software.transformers),
    kernel: lossKernel(scenario, code),
    scatters: scattersOnes(software.torch),
    softcap: traits.finalSoftcap,
    scaled: traits.scaledLogits,
    keepsLogits: chunks?.keepsLogits ?? false,
    widensOutputs: widensOutputs(scenario),
  };
}

/**
 * What takes the loss of all tokens. torchtune's recipes of full fine-tuning
 * compile it and drop what compile_loss() returns: theirs runs as it was.
 *
 * Source: pytorch/torchtune recipes/full_finetune_single_device.py, setup;
 * torchtune/training/_compile.py
 */
function lossKernel(
  { train }: Scenario,
  { loss }: StepPlan["facts"]["code"],
): LossSettings["kernel"] {
  const isDropped = train.kernels === "compile" && loss === "torchtune" &&
    train.method === "full";
  return isDropped ? "eager" : LOSS_KERNELS[train.kernels];
}

const LOSS_KERNELS = {
  eager: "eager",
  liger: "in place",
  compile: "compiled",
} as const;
