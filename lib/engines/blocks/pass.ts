import type { Block } from "../../play/record/block.ts";
import type { Pass } from "../../play/program/pass.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import { recordEncoderPass } from "./encoder_pass.ts";
import { recordTask } from "../../play/record/encoders/task_block.ts";
import type { HeadInput } from "../../play/record/loss_block.ts";
import type { HeadPlan } from "../../play/record/outer_blocks.ts";
import { recordEmbedding, recordHead } from "../../play/record/outer_blocks.ts";
import type { ClassHead } from "../../plan/class_head.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { decoderLayers, hiddenElements } from "./decoder_layers.ts";
import {
  decoderStack,
  isCheckpointed,
  keepsOutputs,
  placed,
} from "./stacks.ts";
import { recordSide } from "./side_pass.ts";
import { recordVision } from "./vision_pass.ts";

/** How a step's passes are recorded. */
export interface RecordSettings {
  readonly workspaces: boolean;
}

/** Records one pass of a plan. */
export function recordPass(
  plan: StepPlan,
  { workspaces }: RecordSettings,
  { accumulation = "keep", stepBytes = () => 0, savesInputs = false }: Pick<
    MachineSettings,
    "accumulation" | "stepBytes" | "savesInputs"
  >,
): Pass {
  const { scenario, facts } = plan;
  if (plan.encoders) {
    return recordEncoderPass(plan, plan.encoders, {
      autocast: scenario.precision.autocast,
      accumulation,
      stepBytes,
      savesInputs,
      workspaces,
    });
  }
  const settings: MachineSettings = {
    autocast: scenario.precision.autocast,
    accumulation,
    stepBytes,
    savesInputs,
    workspaces,
  };
  const vision = plan.vision && recordVision(
    settings,
    plan.vision,
    // Layers without gradients keep nothing with checkpoints or without.
    scenario.train.checkpointing === "full" &&
      plan.inventory.trained.some(({ name }) =>
        name.includes(`${plan.vision?.stack.path}.N.`)
      ),
  );
  const first = embeddingPlanOf(plan, vision);
  const { checkpointing } = scenario.train;
  const selective = scenario.train.selective ?? facts.code.selective ?? null;
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
          isView: headPlan.multiplies &&
            [null, first.table.dtype].includes(scenario.precision.autocast),
        }
        : null,
    },
    first,
    part,
  );
  const rotaryDtype = facts.code.rotary.wide ? "fp32" : embedding.outputDtype;
  const layers = recordStack(
    // Its layers multiply by `weight.T`, which autocast takes for no weight.
    { ...settings, cachesCasts: facts.family.attention.cachesCasts },
    {
      elements: hiddenElements(first),
      dtype: embedding.outputDtype,
      needsGrad: embedding.needsGrad,
      isLeaf: embedding.isLeaf,
      holdsLeaf: first.holdsLeaf === true,
      part,
      offload: scenario.train.checkpoint_offload,
      stopsEarly: facts.code.stopsEarly,
      keepsOutputs: keepsOutputs({ checkpointing, selective }),
    },
    decoderLayers(plan, { first, embedding, rotaryDtype }).map((each, at) => ({
      ...each,
      checkpoint: isCheckpointed(checkpointing, at, selective),
      held: at === 0 && embedding.held,
    })),
  );
  const { needsGrad, dtype, hostBytes } = layers;
  const given: HeadInput = { dtype, needsGrad, part };
  const head = classHead
    ? recordClassHead(settings, facts, headPlan, classHead, given)
    : recordHead(
      { ...settings, awaited: tied ? first.table : null },
      headPlan,
      given,
    );
  return {
    stacks: [
      placed("vision", vision?.blocks ?? []),
      decoderStack(embedding, layers.blocks, head),
    ],
    hostBytes,
    ...(plan.objective
      ? {
        sides: plan.objective.sides.map((side) => recordSide(side, settings)),
      }
      : {}),
  };
}

/** Records what a decoder's class has in place of a vocabulary, and its loss. */
function recordClassHead(
  settings: MachineSettings,
  { batch, sequence }: StepPlan["facts"],
  { norm, hidden, loss }: HeadPlan,
  head: ClassHead,
  given: HeadInput,
): Block {
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
