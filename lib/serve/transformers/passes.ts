import type { PartName } from "../../answer/parts.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { HeadKeeper } from "../../play/layers/kept_heads.ts";
import type { LayerPlan } from "../../play/layers/decoder_layer.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import type { Block } from "../../play/record/block.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import { recordLogits } from "../../play/record/logits_block.ts";
import { rotaryWidthOf } from "../../plan/rotary_widths.ts";
import { rotaryTableOf } from "../../engines/blocks/rotary_table.ts";
import type { EmbeddingPlan } from "../../play/record/embedding_plan.ts";
import { recordEmbedding } from "../../play/record/outer_blocks.ts";
import type { Moved } from "../../play/record/moved_block.ts";
import {
  recordArrival,
  recordDeparture,
} from "../../play/record/moved_block.ts";
import { recordServedLayer } from "../../play/record/served_layer.ts";
import type { LayerFacts } from "../../plan/layer_facts.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import { factsOfKind } from "../../plan/masks.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { LayerKind } from "../../plan/stacks.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Windows } from "../../plan/sliding.ts";
import type { LayerCache } from "../../models/families/code/cache.ts";
import type { GenerationCode } from "./generation_code.ts";
import { keepStates } from "../../software/transformers/states.ts";
import type { PassCache } from "./pass_cache.ts";

/** One forward pass of a batch. */
export interface ServedPass {
  readonly batch: number;
  /** Tokens that each sequence has new. */
  readonly fresh: number;
  /** Keys and values of earlier tokens, and how they are kept. */
  readonly cache: PassCache;
  readonly code: GenerationCode;
}

/** The blocks of a pass, in the order in which they run. */
export interface RecordedPass {
  readonly embedding: Block;
  readonly layers: readonly Block[];
  readonly head: Block;
  /** How hidden states come from another GPU, and go to one. */
  arrival(): Block;
  departure(): Block;
}

const NOTHING: LayerCache = [];

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
  const kinds = new Map<LayerCache, number>();
  let dtype = embedding.outputDtype;
  const layers = plan.stack.layers.map((kind, at) => {
    const keeps = caches[at] ?? NOTHING;
    const held = at === 0 && embedding.held;
    let kept = kinds.get(keeps);
    if (kept === undefined) kinds.set(keeps, kept = kinds.size);
    const key = `${kind.id} ${dtype} ${held} ${kept}`;
    const before = known.get(key);
    if (before) return before;
    const layer = layerPlanOf(
      plan.modulesOf(kind),
      factsOfLayer(facts, kind, plan.windows, pass),
    );
    const block = recordServedLayer(
      settings,
      { elements, dtype, part: PART, held },
      (m, x, ports) => {
        if (pass.cache.keeps) {
          keepStates(m, ports, keeps, {
            batch: pass.batch,
            dtype: embedding.outputDtype,
            isFirst: pass.cache.isFirst,
          });
        }
        return decoderLayer(
          m,
          x,
          keeping(layer, ports, pass, keeps),
          rotaryTableOf(m, {
            rotaryRows: first.rotaryRows,
            rotaryWidth: rotaryWidthOf(own.facts, kind),
          }, rotary),
        );
      },
    );
    known.set(key, block);
    dtype = block.outputDtype;
    return block;
  });
  const head = headPlanOf(own, first);
  const moved: Moved = {
    elements,
    dtype: embedding.outputDtype,
    part: PART,
    beside: [
      ...[...first.rotaryWidths, ...first.rotaryWidths].map((width) =>
        first.rotaryRows * width * DTYPE_BYTES[rotary]
      ),
      ...first.masks.map(({ elements: count, isTruth }) =>
        count * (isTruth ? 1 : DTYPE_BYTES[rotary])
      ),
    ].filter((bytes) => bytes > 0),
  };
  const rows = first.rows;
  const isPrompt = pass.cache.isFirst;
  const logits = pass.code.allLogits && isPrompt ? rows : pass.batch;
  return {
    embedding,
    layers,
    arrival: () => recordArrival(moved),
    departure: () => recordDeparture({ ...moved, dtype }),
    head: recordLogits(settings, {
      rows,
      logits,
      hidden: head.hidden,
      norm: head.norm,
      head: head.head,
      scaled: facts.traits.scaledLogits,
      softcap: facts.traits.finalSoftcap,
      widens: pass.code.widensLogits,
      input: facts.stateSpaces?.wideResidual && "trains" in head.head.weight
        ? head.head.weight.dtype
        : null,
      picks: pass.code.picks ? pass.batch : null,
    }, { elements, dtype, part: PART, held: false }),
  };
}

/** What layers have in common in a pass of other sizes than the prompt's. */
function factsOf(whole: LayerFacts, pass: ServedPass): LayerFacts {
  const { attention } = whole;
  const { implementation } = attention;
  // A single token is looked at by kernels that a mask makes repeat no heads.
  const masked = implementation === "eager" ||
    (attention.masked &&
      (pass.cache.isFirst || implementation === "flash" ||
        pass.code.repeatsMasked)) ||
    (pass.cache.masksRest && pass.code.repeatsMasked &&
      implementation === "sdpa" && !pass.cache.isFirst);
  return {
    ...whole,
    batch: pass.batch,
    sequence: pass.fresh,
    attention: {
      ...attention,
      masked,
      byArithmetic: pass.code.byArithmetic && !pass.cache.isFirst,
    },
  };
}

/** The same of a kind of layer, whose window may be full. */
function factsOfLayer(
  whole: LayerFacts,
  kind: LayerKind,
  windows: Windows,
  { cache, code }: ServedPass,
): LayerFacts {
  const facts = factsOfKind(whole, kind, windows);
  const { size } = windows;
  const isMasked = code.repeatsMasked && kind.sliding === true &&
    size !== null && cache.windowKeys(size) >= size &&
    facts.attention.implementation === "sdpa";
  return isMasked
    ? { ...facts, attention: { ...facts.attention, masked: true } }
    : facts;
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
  { cache, code }: ServedPass,
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
    : "kvDown" in attention && code.expandsLatents
    ? { ...layer, attention: { ...attention, headKeeper: keeper } }
    : { ...layer, attention: { ...attention, keeper } };
}
