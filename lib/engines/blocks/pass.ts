import type { Scenario } from "../../scenario/schema.ts";
import type { Block } from "../../play/record/block.ts";
import { recordLayer } from "../../play/record/block.ts";
import type { MachineSettings } from "../../play/torch/machine.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import { recordEncoderPass } from "./encoder_pass.ts";
import { recordTask } from "../../play/record/encoders/task_block.ts";
import type { HeadBlock, HeadInput } from "../../play/record/loss_block.ts";
import type { HeadPlan } from "../../play/record/outer_blocks.ts";
import { recordEmbedding, recordHead } from "../../play/record/outer_blocks.ts";
import type { ClassHead } from "../../plan/class_head.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import { factsOfKind } from "../../plan/masks.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { recordVision } from "./vision_pass.ts";

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
          isView: scenario.train.loss === "full" &&
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
  const rotaryDtype = facts.code.rotary.wide ? "fp32" : dtype;
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
        { ...settings, cachesCasts: facts.family.attention.cachesCasts },
        {
          elements: first.rows * first.hidden,
          dtype,
          needsGrad,
          checkpoint,
          part,
          offload: scenario.train.checkpoint_offload,
          isLeaf,
          held,
          stopsEarly: facts.code.stopsEarly,
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
    { ...loss, copies: head.copies, ...PLAIN },
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
