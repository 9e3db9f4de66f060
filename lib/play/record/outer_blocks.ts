import type { Block } from "./block.ts";
import { blockOf, bodyReturned, segmentOf } from "./block.ts";
import { freeLeaf, leafOf } from "../torch/leaf.ts";
import type { LaterScores } from "./later_scores.ts";
import { scoredLater } from "./later_scores.ts";
import type { Ended, HeadInput } from "./loss_block.ts";
import type { Shared } from "./encoders/shared.ts";
import { inputsOfLayers } from "./inputs_of_layers.ts";
import { mergedStreams, spreadStreams } from "./spread_streams.ts";
import { lossBlock, TABLE_GRADIENT, takeHidden } from "./loss_block.ts";
import type { PartName } from "../../answer/parts.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Value } from "../torch/values.ts";
import { Machine } from "../torch/machine.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add } from "../torch/ops/arithmetic.ts";
import { dropout } from "../torch/ops/dropout.ts";
import { embedding } from "../torch/ops/embedding.ts";
import type { LossSettings } from "../torch/ops/loss.ts";
import type { HeadLoss } from "../torch/ops/head_loss.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import { withImages } from "./images.ts";
import { readFeatures, readingFeatures } from "./features.ts";
import type { EmbeddingPlan } from "./embedding_plan.ts";
import { lookedUp, readIds } from "./lookup_block.ts";

/** The begin of a step's forward pass. */
export interface EmbeddingBlock extends Block {
  /** Whether gradients have to reach its output... */
  readonly needsGrad: boolean;
  /** ...and end there. */
  readonly isLeaf: boolean;
  /** Whether the model's code refers to its output until the layers have run. */
  readonly held: boolean;
  /** Inputs of each layer, as layers read them; null where there are none. */
  readonly layerInputs: Shared | null;
}

/** Records what stands before the layers. */
export function recordEmbedding(
  settings: MachineSettings,
  plan: EmbeddingPlan,
  part: PartName,
): EmbeddingBlock {
  const m = new Machine(settings);
  const begun = settings.begun &&
    m.waitingFor(settings.begun.parameter);
  const { images } = plan;
  const input = m.input();
  const features = images && m.external(
    images.tokens * plan.hidden,
    images.dtype,
    "hidden states",
    images.needsGrad ? { node: input, slot: 0 } : null,
    "vision activations",
  );
  const read = plan.text ? readFeatures(m, plan.text) : null;
  const looked = read
    ? { out: read.value, ids: readIds(m, plan), leaf: null, batch: [] }
    : lookedUp(m, plan);
  let { out, leaf } = looked;
  m.part = "embeddings";
  const replace = (next: Value) => {
    m.drop(out);
    out = next;
  };
  if (images && features) {
    replace(withImages(m, out, features, images, plan.hidden));
    m.drop(features);
  }
  const inputs = plan.layerInputs
    ? inputsOfLayers(m, looked.ids, out, plan.rows, plan.layerInputs)
    : null;
  // Its variables inputs_embeds and position_embeds live as long as its call.
  const given = m.view(out);
  const held = [given];
  if (plan.positions) {
    const places = m.create(plan.places, "int64", "positions");
    const rows = embedding(
      m,
      plan.positions,
      places,
      plan.places,
      "position embeddings",
    );
    replace(add(m, out, rows, "embeddings with positions"));
    m.drop(places);
    held.push(rows);
  }
  if (plan.norm) replace(norm(m, out, plan.rows, plan.norm, "embedding norm"));
  replace(dropout(m, out, plan.dropout, "embeddings"));
  if (plan.forcesLate) leaf = leafOf(m, out);
  if (plan.streams && plan.streams.length > 0) {
    const { all, others } = spreadStreams(m, out, plan.rows, plan.streams);
    held.push(...others);
    replace(all);
  }
  const numbers = plan.numbered
    ? [m.create(plan.numbered, "int64", "positions")]
    : [];
  const table = plan.rotaryWidths.flatMap((width) =>
    ["cosines", "sines"].map((name) =>
      m.create(plan.rotaryRows * width, out.dtype, `rotary ${name}`)
    )
  );
  const masks = m.within(
    "attention activations",
    () =>
      plan.masks.map(({ elements, isTruth }) =>
        m.create(elements, isTruth ? "uint8" : out.dtype, "mask")
      ),
  );
  // Where it is the layers' input, the first of them holds it.
  const isOutput = given.storage === out.storage;
  if (!plan.held || isOutput) m.drop(...held);
  m.offload?.wait();
  const forward = m.tape.events.length;
  if (!plan.keepsMasks) m.drop(...masks);
  m.drop(...held);
  const done = m.tape.events.length;
  const returned = bodyReturned(m);
  m.endForward();
  const exit = m.tape.events.length;
  const gradOut = m.external(
    out.elements,
    out.dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  const needsGrad = out.source !== null;
  if (inputs) m.drop(inputs.value);
  if (needsGrad || inputs?.gradient) {
    m.backwardOfAll([
      [out, needsGrad ? gradOut : null],
      ...inputs?.gradient ? [[inputs.value, inputs.gradient] as const] : [],
    ]);
  }
  if (leaf && !plan.holdsLeaf) freeLeaf(m, leaf);
  m.drop(...masks, ...table, ...numbers, ...looked.batch);
  const end = m.tape.events.length;
  if (leaf && plan.holdsLeaf) freeLeaf(m, leaf);
  const block = {
    isLeaf: leaf?.storage === out.storage,
    held: plan.held && isOutput,
    ...blockOf(m, [forward, done > forward ? done : null, exit, returned], {
      in: features?.storage ?? null,
      out: out.storage,
      gradIn: input.grads[0]?.storage ?? null,
      gradOut: gradOut.storage,
      carried: [
        ...begun
          ? [{ name: TABLE_GRADIENT, taken: begun.storage, given: null }]
          : [],
        ...inputs?.gradient
          ? [{
            name: inputs.shared.name,
            taken: inputs.gradient.storage,
            given: null,
          }]
          : [],
      ],
      outputDtype: out.dtype,
    }, part),
    needsGrad,
    layerInputs: inputs?.shared ?? null,
    ...(m.tape.events.length > end
      ? {
        backward: segmentOf(m.tape, exit, end),
        released: segmentOf(m.tape, end, m.tape.events.length),
      }
      : {}),
  };
  // The projector's block made them under this name.
  if (features) m.tape.parts[features.storage] = "vision activations";
  return read ? { ...block, ...readingFeatures(block, read) } : block;
}

/** What stands after the layers. */
export interface HeadPlan {
  readonly rows: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly norm: Norm | null;
  readonly head: AdaptedLinear;
  /** What streams but the first are projected by; none where it is left out. */
  readonly streams?: readonly AdaptedLinear[];
  readonly take: HeadLoss;
  /** How a loss of all logits is taken. */
  readonly loss: LossSettings;
  /** What is made of logits once the model has handed them out; null: nothing. */
  readonly scores: LaterScores | null;
  /** Whether one product makes the logits, whose gradient is a view. */
  readonly multiplies: boolean;
}

/** What the model's own forward pass takes of its head. */
function takenAtOnce(
  m: Machine,
  normed: Value,
  { take, rows, head }: HeadPlan,
): Pick<Ended, "logits" | "scored"> {
  const { loss, logits } = take(m, normed, rows, head);
  m.drop(normed);
  return { logits, scored: () => ({ loss, terms: [] }) };
}

/** Records what stands after the layers, and the loss. */
export function recordHead(
  settings: MachineSettings,
  plan: HeadPlan,
  given: HeadInput,
): Block {
  const m = new Machine(settings);
  m.part = "norm activations";
  const { streams = [], rows } = plan;
  const many = rows * plan.hidden * (1 + streams.length);
  const taken = takeHidden(m, many, given);
  const { x } = taken;
  const normed = m.call(() => {
    const one = streams.length > 0
      ? mergedStreams(m, x, rows, streams)
      : m.view(x);
    return plan.norm ? norm(m, one, rows, plan.norm, "final norm") : one;
  });
  m.drop(x);
  const body = m.tape.events.length;
  m.part = "logits and loss";
  const { keepsLogits } = plan.loss;
  const ended = plan.scores
    ? scoredLater(m, normed, plan, plan.scores)
    : takenAtOnce(m, normed, plan);
  return lossBlock(m, settings, taken, { body, keepsLogits, ...ended }, given);
}
