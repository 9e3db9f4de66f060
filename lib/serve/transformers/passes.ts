import type { PartName } from "../../answer/parts.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { RotaryTable } from "../../play/torch/ops/rotary.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { HeadKeeper } from "../../play/layers/kept_heads.ts";
import type { LayerPlan } from "../../play/layers/decoder_layer.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import type { Block } from "../../play/record/block.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import { recordLogits } from "../../play/record/logits_block.ts";
import type { EmbeddingPlan } from "../../play/record/outer_blocks.ts";
import { recordEmbedding } from "../../play/record/outer_blocks.ts";
import { recordServedLayer } from "../../play/record/served_layer.ts";
import type { LayerFacts } from "../../plan/layer_facts.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import { factsOfKind } from "../../plan/masks.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { LayerCache } from "../../models/families/code/cache.ts";
import type { PassCache } from "./pass_cache.ts";

/** One forward pass of a batch. */
export interface ServedPass {
  readonly batch: number;
  /** Tokens that each sequence has new. */
  readonly fresh: number;
  /** Keys and values of earlier tokens, and how they are kept. */
  readonly cache: PassCache;
  /** Whether logits of all tokens are made, or of each sequence's last alone. */
  readonly allLogits: boolean;
  /** Whether logits are cast to fp32 by the model's code. */
  readonly widens: boolean;
  /** Whether a next token is picked. */
  readonly picks: boolean;
}

/** The blocks of a pass, in the order in which they run. */
export interface RecordedPass {
  readonly embedding: Block;
  readonly layers: readonly Block[];
  readonly head: Block;
}

const PART: PartName = "residual stream";

/** Records a pass, each kind of layer once. */
export function recordServed(
  plan: StepPlan,
  caches: readonly LayerCache[],
  pass: ServedPass,
): RecordedPass {
  const settings: MachineSettings = { workspaces: true };
  const facts = factsOf(plan.facts, pass);
  const own: StepPlan = { ...plan, facts };
  const first: EmbeddingPlan = {
    ...embeddingPlanOf(own, null),
    labels: 0,
    holdsIds: true,
    numbered: pass.fresh,
    masks: masksOf(own, pass),
  };
  const embedding = recordEmbedding(settings, first, PART);
  const elements = first.rows * first.hidden;
  const rotary = facts.code.rotary.wide ? "fp32" : embedding.outputDtype;
  const known = new Map<string, Block>();
  let dtype = embedding.outputDtype;
  const layers = plan.stack.layers.map((kind, at) => {
    const keeps = caches[at] ?? [];
    const held = at === 0 && embedding.held;
    const key = `${kind.id} ${dtype} ${held} ${JSON.stringify(keeps)}`;
    const before = known.get(key);
    if (before) return before;
    const layer = layerPlanOf(
      plan.modulesOf(kind),
      factsOfKind(facts, kind, plan.windows),
    );
    const block = recordServedLayer(
      settings,
      { elements, dtype, part: PART, held },
      (m, x, ports) =>
        decoderLayer(
          m,
          x,
          keeping(layer, ports, pass, keeps),
          tableOf(m, first, rotary),
        ),
    );
    known.set(key, block);
    dtype = block.outputDtype;
    return block;
  });
  const head = headPlanOf(own, first);
  const rows = first.rows;
  const logits = pass.allLogits ? rows : pass.batch;
  return {
    embedding,
    layers,
    head: recordLogits(settings, {
      rows,
      logits,
      hidden: head.hidden,
      norm: head.norm,
      head: head.head,
      scaled: facts.traits.scaledLogits,
      softcap: facts.traits.finalSoftcap,
      widens: pass.widens,
      input: facts.stateSpaces?.wideResidual && "trains" in head.head.weight
        ? head.head.weight.dtype
        : null,
      picks: pass.picks ? pass.batch : null,
    }, { elements, dtype, part: PART, held: false }),
  };
}

/** What layers have in common in a pass of other sizes than the prompt's. */
function factsOf(whole: LayerFacts, { batch, fresh, cache }: ServedPass) {
  const { attention } = whole;
  // A single token is looked at by no kernel that masks repeat heads for.
  const masked = attention.implementation === "eager" ||
    (attention.masked &&
      (cache.isFirst || attention.implementation === "flash"));
  return {
    ...whole,
    batch,
    sequence: fresh,
    attention: { ...attention, masked },
  };
}

/** The masks of a pass, over all tokens that it looks at. */
function masksOf(
  { facts, windows, stack }: StepPlan,
  { batch, fresh, cache }: ServedPass,
): EmbeddingPlan["masks"] {
  const attends = stack.kinds.some(({ tensors }) =>
    [...tensors.values()].some(({ role }) =>
      ["q", "qkv", "attention", "o"].includes(role)
    )
  );
  const { implementation, masked } = facts.attention;
  return attends
    ? facts.code.masksOf({
      batch,
      sequence: fresh,
      keys: cache.keys,
      windowKeys: windows.size === null
        ? cache.keys
        : cache.windowKeys(windows.size),
      implementation,
      masked,
      windows,
    })
    : [];
}

/** A layer that keeps what its attention reads between tokens. */
function keeping(
  layer: LayerPlan,
  ports: KeptPorts,
  { cache }: ServedPass,
  keeps: LayerCache,
): LayerPlan {
  const { attention } = layer;
  if (attention === null) return layer;
  const keeper: HeadKeeper | null = cache.keeperOf(
    ports,
    keeps,
    attention.settings,
  );
  return keeper === null
    ? layer
    : { ...layer, attention: { ...attention, keeper } };
}

/** Cosines and sines of positions, which the embeddings' block has made. */
function tableOf(
  m: Machine,
  { rotaryRows, rotaryWidth }: EmbeddingPlan,
  dtype: Dtype,
): RotaryTable | null {
  if (rotaryWidth === 0) return null;
  const elements = rotaryRows * rotaryWidth;
  return {
    cos: m.external(elements, dtype, "cos", null),
    sin: m.external(elements, dtype, "sin", null),
  };
}
