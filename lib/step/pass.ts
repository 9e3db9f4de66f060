import type { Scenario } from "../scenario/schema.ts";
import type { Block } from "./block.ts";
import { recordLayer } from "./block.ts";
import type { MachineSettings, Parameter } from "./machine.ts";
import { DTYPE_BYTES } from "./dtype.ts";
import { decoderLayer } from "./layers/decoder_layer.ts";
import type { AdaptedLinear } from "./ops/adapted_linear.ts";
import { recordEncoderPass } from "./encoders/encoder_pass.ts";
import { scattersOnes } from "./ops/compiled_loss.ts";
import type { LossSettings } from "./ops/loss.ts";
import { chunksOf } from "./plan/chunks.ts";
import { logitCopies } from "./plan/logit_copies.ts";
import { recordTask } from "./encoders/task_block.ts";
import type { HeadBlock, HeadInput } from "./loss_block.ts";
import type { EmbeddingPlan, HeadPlan } from "./outer_blocks.ts";
import { recordEmbedding, recordHead } from "./outer_blocks.ts";
import type { ClassHead } from "./plan/class_head.ts";
import { BARE_NORM, layerPlanOf } from "./plan/layer_plan.ts";
import { factsOfKind, masksOf } from "./plan/masks.ts";
import { versionOf } from "./plan/version.ts";
import { widensOutputs } from "./plan/model_code.ts";
import type { StepPlan } from "./plan/step_plan.ts";
import { GEMMA } from "./plan/traits.ts";
import type { VisionPass } from "./vision/vision_pass.ts";
import { recordVision } from "./vision/vision_pass.ts";

/** The blocks of one forward and backward pass. */
export interface Pass {
  /** From pixels to tokens; none without images. */
  readonly vision: readonly Block[];
  /** The encoder that the layers read; none where they read none. */
  readonly encoder: readonly Block[];
  readonly embedding: Block;
  readonly layers: readonly Block[];
  readonly head: HeadBlock;
  /** Bytes of checkpoints that the host holds when the backward pass begins. */
  readonly hostBytes: number;
}

/** How a step's passes are recorded. */
export interface StepSettings {
  readonly workspaces: boolean;
}

/** Records one pass of a plan. */
export function recordPass(
  plan: StepPlan,
  { workspaces }: StepSettings,
  { accumulation = "keep", stepBytes = () => 0 }: Pick<
    MachineSettings,
    "accumulation" | "stepBytes"
  >,
): Pass {
  const { scenario, stack, facts } = plan;
  if (plan.encoders) {
    return recordEncoderPass(plan, plan.encoders, {
      autocast: scenario.precision.autocast,
      accumulation,
      stepBytes,
      workspaces,
    });
  }
  const settings: MachineSettings = {
    autocast: scenario.precision.autocast,
    accumulation,
    stepBytes,
    workspaces,
  };
  const vision = plan.vision && recordVision(
    settings,
    plan.vision,
    // Layers without gradients keep nothing with checkpoints or without.
    scenario.train.checkpointing === "full" &&
      plan.trained.some(({ name }) =>
        name.includes(`${plan.vision?.stack.path}.N.`)
      ),
  );
  const first = embeddingPlanOf(plan, vision);
  const { checkpointing } = scenario.train;
  const part = checkpointing === "none" ? "residual stream" : "checkpoints";
  const { classHead } = plan;
  const headPlan = headPlanOf(plan, first);
  const tied = classHead === null && headPlan.head.weight === first.table;
  const embedding = recordEmbedding(
    {
      ...settings,
      begun: tied && first.table.trains
        ? {
          parameter: first.table,
          // Autocast's gradient is cast to the parameter's type: a tensor of its own.
          isView: headPlan.loss.kind === "full" &&
            [null, first.table.dtype].includes(scenario.precision.autocast),
        }
        : null,
    },
    first,
    part,
  );
  const known = new Map<string, Block>();
  const layers: Block[] = [];
  let { needsGrad, isLeaf } = embedding;
  let hostBytes = 0;
  let dtype = embedding.outputDtype;
  const rotaryDtype = facts.code.heads === "transformers" ? dtype : "fp32";
  for (const [at, kind] of stack.layers.entries()) {
    const checkpoint = isCheckpointed(checkpointing, at);
    const held = at === 0 && embedding.held;
    const key =
      `${kind.id} ${needsGrad} ${isLeaf} ${dtype} ${checkpoint} ${held}`;
    let block = known.get(key);
    if (!block) {
      const layer = layerPlanOf(
        plan.modulesOf(kind),
        factsOfKind(facts, kind, plan.windows),
      );
      block = recordLayer(
        // Its layers multiply by `weight.T`, which autocast takes for no weight.
        { ...settings, cachesCasts: facts.architecture.type !== "falcon" },
        {
          elements: first.rows * first.hidden,
          dtype,
          needsGrad,
          checkpoint,
          part,
          offload: scenario.train.checkpoint_offload,
          isLeaf,
          held,
          stopsEarly: stopsEarly(scenario),
        },
        (m, x) => {
          const table = first.rotaryWidth === 0 ? null : {
            cos: m.external(
              first.rotaryRows * first.rotaryWidth,
              rotaryDtype,
              "cos",
              null,
            ),
            sin: m.external(
              first.rotaryRows * first.rotaryWidth,
              rotaryDtype,
              "sin",
              null,
            ),
          };
          return decoderLayer(m, x, layer, table);
        },
      );
      known.set(key, block);
    }
    layers.push(block);
    if (checkpoint && scenario.train.checkpoint_offload) {
      hostBytes += first.rows * first.hidden * DTYPE_BYTES[dtype];
    }
    needsGrad = block.gradOut !== null;
    isLeaf = false;
    dtype = block.outputDtype;
  }
  const given: HeadInput = { dtype, needsGrad, part };
  const head = classHead
    ? recordClassHead(settings, facts, headPlan, classHead, given)
    : recordHead(
      { ...settings, awaited: tied ? first.table : null },
      headPlan,
      given,
    );
  return {
    vision: vision?.blocks ?? [],
    encoder: [],
    embedding,
    layers,
    head,
    hostBytes,
  };
}

/** Records what a decoder's class has in place of a vocabulary, and its loss. */
function recordClassHead(
  settings: MachineSettings,
  { batch, sequence }: StepPlan["facts"],
  { norm, hidden, loss }: HeadPlan,
  head: ClassHead,
  given: HeadInput,
): HeadBlock {
  return recordTask(
    settings,
    { batch, tokens: sequence, width: hidden },
    { ...head, beside: null, isTied: false, offset: null },
    { ...loss, kind: "full", chunks: null, copies: head.copies, ...PLAIN },
    given,
    norm,
  );
}

/** No kernel of Liger's or of torch.compile knows the losses of labels. */
const PLAIN = { kernel: "eager", softcap: false, scaled: false } as const;

/**
 * "selective" is every second layer, as torchtitan's own configurations had it.
 *
 * Source: pytorch/torchtitan torchtitan/parallelisms, selective_ac_option "2"
 */
export function isCheckpointed(
  checkpointing: Scenario["train"]["checkpointing"],
  layer: number,
): boolean {
  return checkpointing === "full" ||
    (checkpointing === "selective" && layer % 2 === 0);
}

/**
 * Whether checkpoints are those that stop once everything is there again:
 * transformers 4 took the older, reentrant ones unless told otherwise.
 *
 * Source: huggingface/transformers modeling_utils.py,
 * gradient_checkpointing_enable
 */
function stopsEarly({ software }: Scenario): boolean {
  return software.model_code !== "transformers" ||
    versionOf(software.transformers)?.major !== 4;
}

function embeddingPlanOf(
  plan: StepPlan,
  vision: VisionPass | null,
): EmbeddingPlan {
  const { outside, facts, scenario } = plan;
  const { traits, batch, sequence, architecture } = facts;
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
    places: architecture.type === "opt" ? batch * sequence : sequence,
    norm: null,
    scaled: traits.scaledEmbeddings ? scaledBy(plan) : null,
    dropout: traits.dropout.embedding,
    rotaryRows: plan.directLoss || /^qwen(2|2_5)_vl$/.test(architecture.type)
      ? batch * sequence
      : sequence,
    rotaryTables: /^gemma3(_text)?$/.test(architecture.type) ? 2 : 1,
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
  const { type } = facts.architecture;
  if (!GEMMA.has(type)) return "model";
  const isOld = versionOf(scenario.software.transformers)?.major === 4;
  return isOld && (type === "gemma" || type === "gemma2") ? "model" : "module";
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

function headPlanOf(plan: StepPlan, first: EmbeddingPlan): HeadPlan {
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
  const { code, architecture, traits } = facts;
  const chunks = train.loss === "chunked" && code.loss !== "transformers"
    ? chunksOf(scenario, code)
    : null;
  return {
    kind: train.loss,
    chunks,
    copies: code.loss === "torchtune" || facts.stateSpaces?.castsLogits
      ? "cast"
      : logitCopies(architecture.type, software.transformers),
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
