import type { PartName } from "../../answer/parts.ts";
import type { GraphLeaf } from "../torch/leaf.ts";
import { freeLeaf, leafOf } from "../torch/leaf.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import { Machine } from "../torch/machine.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import { scaled } from "../torch/ops/arithmetic.ts";
import { embedding } from "../torch/ops/embedding.ts";
import type { Value } from "../torch/values.ts";
import type { Block } from "./block.ts";
import { blockOf, bodyReturned } from "./block.ts";
import type { HandedFeatures } from "./features.ts";
import { TABLE_GRADIENT } from "./loss_block.ts";
import type { EmbeddingPlan } from "./embedding_plan.ts";

const SCALED = "scaled embeddings";
const TEXT = "text embeddings";

/** Embeddings that were looked up. */
export interface LookedUp {
  readonly out: Value;
  /** The tokens' ids. */
  readonly ids: Value;
  /** What asks for their gradient; null where a weight does, or nothing. */
  readonly leaf: GraphLeaf | null;
  /** What of the batch goes when the backward pass is over. */
  readonly batch: readonly Value[];
}

/** Looks the embeddings of a batch up. */
export function lookedUp(m: Machine, plan: EmbeddingPlan): LookedUp {
  m.part = "inputs";
  const ids = plan.holdsIds
    ? m.external(plan.rows, "int64", "token ids", null)
    : m.create(plan.rows, "int64", "token ids");
  const labels = m.create(plan.labels, "int64", "labels");
  m.part = "embeddings";
  const { images } = plan;
  const looked = images?.merge === "before"
    ? plan.rows - images.tokens
    : plan.rows;
  let out = embedding(m, plan.table, ids, looked, "embeddings");
  const replace = (next: Value) => {
    m.drop(out);
    out = next;
  };
  if (plan.scaled === "module") replace(scaled(m, out, SCALED));
  if (plan.adapter) {
    const rescales = plan.scaled === "module";
    const { adapter } = plan;
    replace(adapter.join(m, out, ids, looked, adapter, rescales));
  }
  // What asks for their gradient is a hook of the module.
  const leaf = plan.forcesGrad && !plan.forcesLate ? leafOf(m, out) : null;
  if (plan.scaled === "model") replace(scaled(m, out, SCALED));
  return { out, ids, leaf, batch: plan.holdsIds ? [labels] : [labels, ids] };
}

/** The ids of a batch that another block looked up. */
export function readIds(m: Machine, { rows }: EmbeddingPlan): Value {
  return { ...m.external(rows, "int64", "token ids", null), held: false };
}

/**
 * Records the look-up of embeddings that images are put among later: their gradient
 * comes when that of the tower has passed.
 */
export function recordLookup(
  settings: MachineSettings,
  plan: EmbeddingPlan,
  part: PartName,
): { readonly block: Block; readonly text: HandedFeatures } {
  const m = new Machine(settings);
  const begun = settings.begun && m.waitingFor(settings.begun.parameter);
  const { out, leaf, batch } = lookedUp(m, plan);
  m.giveBack(out, "body");
  m.drop(out);
  const forward = m.tape.events.length;
  const returned = bodyReturned(m);
  m.endForward();
  const exit = m.tape.events.length;
  const { elements, dtype } = out;
  const gradient = out.source && {
    storage: m.tape.external(
      elements * DTYPE_BYTES[dtype],
      "gradient of text embeddings",
      "activation gradients",
    ),
    elements,
    dtype,
  };
  if (gradient) m.backward(out, gradient);
  if (leaf) freeLeaf(m, leaf);
  m.drop(...batch);
  const block = blockOf(m, [forward, null, exit, returned], {
    in: null,
    out: null,
    gradIn: null,
    gradOut: null,
    carried: [
      ...(begun
        ? [{ name: TABLE_GRADIENT, taken: begun.storage, given: null }]
        : []),
      ...(gradient
        ? [{ name: TEXT, taken: gradient.storage, given: null }]
        : []),
    ],
    outputDtype: dtype,
  }, part);
  return {
    block,
    text: { name: TEXT, elements, dtype, needsGrad: gradient !== null },
  };
}
