import type { SidePass } from "../../play/program/pass.ts";
import { Machine } from "../../play/torch/machine.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { Block } from "../../play/record/block.ts";
import { segmentOf } from "../../play/record/block.ts";
import { recordEmbedding, recordHead } from "../../play/record/outer_blocks.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { PartName } from "../../answer/parts.ts";
import type {
  HeldSide,
  SidePlan,
} from "../../plan/objective/objective_plan.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { decoderLayers, hiddenElements } from "./decoder_layers.ts";
import { placed } from "./stacks.ts";

const PART: PartName = "residual stream";

/**
 * Records a pass under no_grad, beside one that learns: it keeps nothing, but
 * autocast keeps copies of weights that train until its forward pass is over.
 */
export function recordSide(
  { name, when, holds, plan }: SidePlan<StepPlan>,
  learning: Pick<MachineSettings, "workspaces">,
): SidePass {
  const { facts } = plan;
  const { workspaces = true } = learning;
  const { autocast } = plan.scenario.precision;
  const settings: MachineSettings = { autocast, workspaces, records: false };
  const first = {
    ...embeddingPlanOf(plan, null),
    labels: 0,
    holdsIds: true,
    forcesGrad: false,
  };
  const embedding = recordEmbedding(settings, first, PART);
  const rotary = facts.code.rotary.wide ? "fp32" : embedding.outputDtype;
  const { blocks, dtype } = recordStack(
    { ...settings, cachesCasts: facts.family.attention.cachesCasts },
    {
      elements: hiddenElements(first),
      dtype: embedding.outputDtype,
      needsGrad: false,
      isLeaf: false,
      part: PART,
      offload: false,
      stopsEarly: false,
    },
    decoderLayers(plan, { first, embedding, rotaryDtype: rotary }).map((
      each,
      at,
    ) => ({
      ...each,
      checkpoint: false,
      held: at === 0 && embedding.held,
    })),
  );
  const head = recordHead(settings, headPlanOf(plan, first), {
    dtype,
    needsGrad: false,
    part: PART,
  });
  return {
    when,
    holds,
    stack: placed(name, [ended(embedding), ...blocks, head]),
  };
}

/** What somebody else takes for a while, as a block that takes and gives it back. */
export function recordHeld(
  { name, when, holds, takes, isOutside }: HeldSide,
): SidePass {
  const m = new Machine({ records: false });
  const taken = takes.filter(({ bytes }) => bytes > 0).map((
    { bytes, label, part },
  ) => m.tape.allocate(bytes, label, part));
  for (const storage of taken) m.tape.release(storage);
  const end = m.tape.events.length;
  const nothing = segmentOf(m.tape, end, end);
  const block: Block = {
    forward: segmentOf(m.tape, 0, end),
    exit: nothing,
    backward: nothing,
    ports: { in: null, out: null, gradIn: null, gradOut: null, carried: [] },
    parameters: [],
    modules: [],
    outputDtype: "fp32",
    ...(isOutside ? { isOutside: true as const } : {}),
  };
  return { when, holds, stack: placed(name, [block]) };
}

/** Tables and masks go with the stack, for no backward pass frees them. */
function ended(embedding: Block): Block {
  const { done, forward, backward } = embedding;
  const { tape } = forward;
  const { to } = backward;
  return {
    ...embedding,
    done: segmentOf(tape, done?.from ?? forward.to, to),
    exit: segmentOf(tape, to, to),
    backward: segmentOf(tape, to, to),
  };
}
