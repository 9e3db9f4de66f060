import type { Block } from "../../play/record/block.ts";
import { blockOf } from "../../play/record/block.ts";
import type {
  HandedFeatures,
  ReadFeatures,
} from "../../play/record/features.ts";
import {
  readFeatures,
  readingFeatures,
  recordHanding,
} from "../../play/record/features.ts";
import type { PassEnds, Value } from "../../play/torch/values.ts";
import type { RecordedStack } from "../../play/record/record_stack.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { GraphLeaf } from "../../play/torch/leaf.ts";
import { freeLeaf, leafOf } from "../../play/torch/leaf.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import { Machine } from "../../play/torch/machine.ts";
import { unread } from "../../play/torch/ops/unread.ts";
import type { PartName } from "../../answer/parts.ts";
import type { SightStage } from "../../software/sight.ts";
import type { VisionPlan } from "../../plan/vision_plan.ts";

/** What of a step sees its images. */
export interface RecordedVision extends RecordedStack {
  /** What stages hand to the decoder's layers, in their order. */
  readonly features: readonly HandedFeatures[];
}

/**
 * Records patches, the tower's layers and the projector.
 *
 * @param how Whether layers are checkpoints, and whether gradients of input
 *   embeddings are asked for though no weight before them trains.
 */
export function recordVision(
  settings: MachineSettings,
  plan: VisionPlan,
  how: { readonly checkpoints: boolean; readonly forcesGrad: boolean },
): RecordedVision {
  const leads = how.forcesGrad && plan.leads;
  const { block: first, elements } = recordPatches(settings, plan, {
    leads,
    keeps: false,
  });
  const blocks: Block[] = [first];
  const features: HandedFeatures[] = [];
  const known = new Map<string, Block>();
  let given: Omit<RecordedStack, "blocks"> = {
    elements,
    dtype: first.outputDtype,
    needsGrad: first.ports.gradOut !== null,
    hostBytes: 0,
  };
  const all = new Map<string, HandedFeatures>();
  for (const [at, stage] of plan.stages.entries()) {
    const { key, isLayer, hands = false, held = false, reads = [] } = stage;
    if (hands) {
      const until = stage.handsBriefly
        ? "stack"
        : stage.handsForLong
        ? "backward"
        : "forward";
      const { block, handed } = recordHanding(
        settings,
        key,
        { ...given, until, isLast: at === plan.stages.length - 1 },
        (m, x) => stage.run(m, x, []),
      );
      blocks.push(asVision(block));
      all.set(key, handed);
      if (!stage.handsBriefly) features.push(handed);
      continue;
    }
    let read: readonly ReadFeatures[] = [];
    const run = (m: Machine, x: Value) => {
      if (stage.unread) {
        return passingBy(m, x, stage, stage.unread, how.checkpoints);
      }
      read = reads.flatMap((name) => {
        const one = all.get(name);
        return one ? [readFeatures(m, one)] : [];
      });
      return stage.run(m, x, read.map(({ value }) => value));
    };
    const finish = (block: Block) =>
      read.reduce(readingFeatures, asVision(block));
    const { blocks: [block], ...next } = recordStack(
      settings,
      { ...given, ...STACK },
      [{
        key,
        checkpoint: isLayer && how.checkpoints && !stage.unread,
        held,
        code: () => ({ run, finish }),
      }],
      known,
    );
    if (block) blocks.push(block);
    given = next;
  }
  // What layers read together stands until the first of them has run back.
  if (first.done && given.needsGrad) {
    blocks[0] = recordPatches(settings, plan, { leads, keeps: true }).block;
  }
  return { ...given, blocks, features };
}

/** Runs a stage that nobody reads, beside the hidden states. */
function passingBy(
  m: Machine,
  x: Value,
  { isLayer, run }: SightStage,
  until: keyof PassEnds,
  checkpoints: boolean,
): Value {
  const recording = m.recording;
  m.giveBack(x, until);
  m.recording = recording && !(isLayer && checkpoints);
  unread(m, () => run(m, x, []), until);
  m.recording = recording;
  return m.view(x);
}

const STACK = {
  isLeaf: false,
  part: "vision activations",
  offload: false,
  stopsEarly: false,
} as const;

function recordPatches(
  settings: MachineSettings,
  plan: VisionPlan,
  { leads, keeps }: {
    /** Whether a gradient of input embeddings is asked for. */
    readonly leads: boolean;
    /** Whether what stages read together outlives the forward pass. */
    readonly keeps: boolean;
  },
): { block: Block; elements: number } {
  const m = new Machine(settings);
  m.part = "vision activations";
  const pixels = m.external(
    plan.pixels.elements,
    plan.pixels.dtype,
    "pixels",
    null,
    "inputs",
  );
  let leaf: GraphLeaf | null = null;
  const held: Value[] = [];
  const out = m.call(() =>
    plan.enter(m, pixels, (patches) => {
      if (leads) leaf = leafOf(m, patches);
    }, (value) => void held.push(m.keep(value)))
  );
  const forward = m.tape.events.length;
  if (!keeps) m.drop(...held);
  const done = m.tape.events.length;
  m.endForward();
  const exit = m.tape.events.length;
  const grad = out.source && m.external(
    out.elements,
    out.dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  if (grad) m.backward(out, grad);
  if (leaf) freeLeaf(m, leaf);
  m.drop(...held);
  const block = asVision(
    blockOf(m, [forward, done > forward ? done : null, exit], {
      in: null,
      out: out.storage,
      gradIn: null,
      gradOut: grad?.storage ?? null,
      outputDtype: out.dtype,
    }, "vision activations"),
  );
  return { block, elements: out.elements };
}

/** Parts of a layer that are one part in a tower. */
const INNER: ReadonlySet<PartName> = new Set([
  "checkpoints",
  "residual stream",
  "norm activations",
  "attention activations",
  "MLP activations",
]);

/** What a tower keeps is told apart from what the language model does. */
function asVision(block: Block): Block {
  const { parts } = block.forward.tape;
  for (const [at, part] of parts.entries()) {
    if (INNER.has(part)) parts[at] = "vision activations";
  }
  return block;
}
