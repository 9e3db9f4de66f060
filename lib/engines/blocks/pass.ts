import type { Pass } from "../../play/program/pass.ts";
import { addingLayer } from "../../play/record/adding_layer.ts";
import type { StackLayer } from "../../play/record/record_stack.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import { recordEncoderPass } from "./encoder_pass.ts";
import type { HeadInput } from "../../play/record/loss_block.ts";
import { recordEmbedding } from "../../play/record/outer_blocks.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { decoderLayers, hiddenElements } from "./decoder_layers.ts";
import { recordEnd } from "./end.ts";
import {
  decoderStack,
  isCheckpointed,
  keepsOutputs,
  placed,
} from "./stacks.ts";
import { linearsOf } from "../../software/torchao/linears.ts";
import { offloadOf } from "../../software/trl/activation_offloading.ts";
import { recordLookup } from "../../play/record/lookup_block.ts";
import { sidesOf } from "./side_pass.ts";
import { recordVision } from "./vision_pass.ts";

/** How a step's passes are recorded. */
export interface RecordSettings {
  readonly workspaces: boolean;
}

/** A piece of the decoder, and the number of the layer that it goes with. */
interface Entry {
  readonly at: number;
  readonly layer: StackLayer;
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
  const offload = offloadOf(scenario);
  if (plan.encoders) {
    return recordEncoderPass(plan, plan.encoders, {
      autocast: scenario.precision.autocast,
      accumulation,
      stepBytes,
      savesInputs,
      workspaces,
      offload,
      linears: linearsOf(scenario),
    });
  }
  const settings: MachineSettings = {
    autocast: scenario.precision.autocast,
    accumulation,
    stepBytes,
    savesInputs,
    workspaces,
    offload,
    linears: linearsOf(scenario),
  };
  // Who converts linear layers leaves the head as it is: torchtitan alone does not.
  const whole = facts.code.convertsHead
    ? settings
    : { ...settings, linears: null };
  const vision = plan.vision && recordVision(
    settings,
    plan.vision,
    {
      checkpoints: scenario.train.checkpointing === "full",
      forcesGrad: facts.code.forcesGrad,
    },
  );
  const first = embeddingPlanOf(plan, vision);
  const { checkpointing } = scenario.train;
  const selective = scenario.train.selective ?? facts.code.selective ?? null;
  const part = checkpointing === "none" ? "residual stream" : "checkpoints";
  const headPlan = headPlanOf(plan, first);
  const tied = plan.classHead === null && headPlan.head.weight === first.table;
  const begun = tied && first.table.trains
    ? {
      parameter: first.table,
      // Autocast's gradient is cast to the parameter's type: a tensor of its own.
      isView: headPlan.multiplies &&
        [null, first.table.dtype].includes(scenario.precision.autocast),
    }
    : null;
  const lookup = vision && plan.vision?.merge === "scattered"
    ? recordLookup({ ...settings, begun }, first, part)
    : null;
  const embedding = recordEmbedding(
    lookup ? settings : { ...settings, begun },
    lookup ? { ...first, text: lookup.text } : first,
    part,
  );
  const rotaryDtype = facts.code.rotary.wide ? "fp32" : embedding.outputDtype;
  const crossed = plan.vision?.crossed ?? null;
  const states = crossed && vision?.features[0]
    ? { handed: vision.features[0], rows: crossed.rows }
    : null;
  const before = { first, embedding, rotaryDtype };
  const entries = decoderLayers(plan, before, states)
    .flatMap(({ at, ...each }): Entry[] => {
      const handed = states ? undefined : vision?.features[at];
      const layer: StackLayer = {
        ...each,
        checkpoint: isCheckpointed(checkpointing, at, selective),
        held: at === 0 && embedding.held,
      };
      return handed
        ? [{ at, layer }, { at, layer: addingLayer(handed, first.hidden) }]
        : [{ at, layer }];
    });
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
    entries.map(({ layer }) => layer),
  );
  const { needsGrad, dtype, hostBytes } = layers;
  const given: HeadInput = { dtype, needsGrad, part };
  const head = recordEnd(
    { ...whole, awaited: tied ? first.table : null },
    plan,
    headPlan,
    given,
  );
  return {
    stacks: [
      placed("embeddings", lookup ? [lookup.block] : []),
      placed("vision", vision?.blocks ?? []),
      decoderStack(
        embedding,
        layers.blocks.map((block, at) => ({
          block,
          at: entries[at]?.at ?? at,
        })),
        head,
      ),
    ],
    ...(offload?.beside && checkpointing === "full" && embedding.isLeaf
      ? {
        heldLeafBytes: roundedBytes(
          hiddenElements(first) * DTYPE_BYTES[embedding.outputDtype],
        ),
      }
      : {}),
    hostBytes: [embedding, head, ...vision?.blocks ?? []].reduce(
      (sum, block) => sum + (block.hostBytes ?? 0),
      hostBytes,
    ),
    ...(plan.objective ? { sides: sidesOf(plan, settings) } : {}),
  };
}
