import type { Pass, SidePass } from "../../play/program/pass.ts";
import { Machine } from "../../play/torch/machine.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { BesideBlock, Block } from "../../play/record/block.ts";
import type { EmbeddingPlan } from "../../play/record/embedding_plan.ts";
import { segmentOf } from "../../play/record/block.ts";
import { recordEmbedding } from "../../play/record/outer_blocks.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { PartName } from "../../answer/parts.ts";
import type {
  HeldSide,
  SidePlan,
} from "../../plan/objective/objective_plan.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { decoderLayers, hiddenElements } from "./decoder_layers.ts";
import { recordEnd } from "./end.ts";
import { placed } from "./stacks.ts";

const PART: PartName = "residual stream";

/**
 * Records a pass under no_grad, beside one that learns: it keeps nothing, but
 * autocast keeps copies of weights that train until its forward pass is over.
 */
function recordSide(
  { name, when, holds, asks, plan, earlier = 0 }: SidePlan<StepPlan>,
  learning: Pick<MachineSettings, "workspaces">,
): SidePass {
  const stack = recordAsked(plan, learning, { labels: 0, holdsIds: true });
  const isAfter = when === "after";
  return {
    when,
    holds,
    stack: placed(name, [
      ...earlier > 0 ? [heldThroughout(earlier)] : [],
      ...besideOf(stack, { asks, isAfter }),
    ]),
  };
}

/** What stands from before a pass until what it gave is dropped. */
function heldThroughout(bytes: number): Block {
  const m = new Machine({ records: false });
  const storage = m.tape.allocate(
    bytes,
    "logits of the slice before",
    "logits and loss",
  );
  const taken = m.tape.events.length;
  m.tape.release(storage);
  const end = m.tape.events.length;
  const [own] = besideOf([{
    ...blockBetween(m, 0, taken),
    dropped: segmentOf(m.tape, taken, end),
  }], { asks: "policy", isAfter: false });
  return own as Block;
}

/** A block that runs a stretch of a tape, and is met by nobody. */
function blockBetween(m: Machine, from: number, to: number): Block {
  const nothing = segmentOf(m.tape, to, to);
  return {
    forward: segmentOf(m.tape, from, to),
    exit: nothing,
    backward: nothing,
    ports: { in: null, out: null, gradIn: null, gradOut: null, carried: [] },
    parameters: [],
    modules: [],
    outputDtype: "fp32",
  };
}

/** Blocks that know that they are of a pass beside; like ones stay one. */
function besideOf(
  stack: readonly Block[],
  whose: Pick<BesideBlock, "asks" | "isAfter">,
): Block[] {
  const made = new Map<Block, Block>();
  return stack.map((block, at) => {
    const known = made.get(block);
    if (known) return known;
    const place = at === 0
      ? "first"
      : at === stack.length - 1
      ? "last"
      : "layer";
    const own = { ...block, beside: { ...whose, place, stack } } as const;
    made.set(block, own);
    return own;
  });
}

/**
 * Records a pass under no_grad over a batch of its own, which stands until the
 * trainer's function ends, and those that its trainer runs beside it.
 */
export function recordEvaluation(
  plan: StepPlan,
  settings: Pick<MachineSettings, "workspaces">,
): Pick<Pass, "stacks" | "sides"> {
  return {
    stacks: [placed(
      "evaluation",
      besideOf(recordAsked(plan, settings, {}), {
        asks: "policy",
        isAfter: false,
      }),
    )],
    sides: sidesOf(plan, settings),
  };
}

/** Records what runs beside a plan's pass. */
export function sidesOf(
  { objective }: StepPlan,
  learning: Pick<MachineSettings, "workspaces">,
): SidePass[] {
  return (objective?.sides ?? []).map((side) =>
    "takes" in side ? recordHeld(side) : recordSide(side, learning)
  );
}

/** The blocks of a pass that keeps nothing for a backward pass. */
function recordAsked(
  plan: StepPlan,
  { workspaces = true }: Pick<MachineSettings, "workspaces">,
  batch: Partial<Pick<EmbeddingPlan, "labels" | "holdsIds">>,
): Block[] {
  const { facts } = plan;
  const { autocast } = plan.scenario.precision;
  const settings: MachineSettings = { autocast, workspaces, records: false };
  const first = {
    ...embeddingPlanOf(plan, null),
    ...batch,
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
  const head = recordEnd(settings, plan, headPlanOf(plan, first), {
    dtype,
    needsGrad: false,
    part: PART,
  });
  const holdsBatch = batch.holdsIds !== true;
  return [ended(embedding, holdsBatch), ...blocks, head];
}

/** What somebody else takes for a while, as a block that takes and gives it back. */
function recordHeld(
  { name, when, holds, takes, isOutside }: HeldSide,
): SidePass {
  const m = new Machine({ records: false });
  const taken = takes.filter(({ bytes }) => bytes > 0).map((
    { bytes, label, part },
  ) => m.tape.allocate(bytes, label, part));
  for (const storage of taken) m.tape.release(storage);
  const end = m.tape.events.length;
  const block: Block = {
    ...blockBetween(m, 0, end),
    ...(isOutside ? { isOutside: true as const } : {}),
  };
  const isAfter = when === "after";
  const own = besideOf([block], { asks: "policy", isAfter });
  return { when, holds, stack: placed(name, own) };
}

/**
 * Tables and masks go with the stack, for no backward pass frees them.
 *
 * @param holds Whether they and the batch stay until the caller's function ends.
 */
function ended(embedding: Block, holds: boolean): Block {
  const { done, exit, forward, backward } = embedding;
  const { tape } = forward;
  const { to } = backward;
  const nothing = segmentOf(tape, to, to);
  return {
    ...embedding,
    ...(holds ? { exit: nothing, dropped: segmentOf(tape, exit.from, to) } : {
      done: segmentOf(tape, done?.from ?? forward.to, to),
      exit: nothing,
    }),
    backward: nothing,
  };
}
