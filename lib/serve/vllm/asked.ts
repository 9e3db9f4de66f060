import { plainModel } from "../../formats/plain.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Model } from "../../models/model.ts";
import { FLOAT_BYTES } from "../../models/weight_bytes.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { StoredModel } from "../../formats/stored_model.ts";
import type { LayerCaches } from "../caches.ts";
import { cachesOf } from "../caches.ts";
import type { ServingGpu, ServingQuestion } from "../engine.ts";
import { firstOf } from "./kinds.ts";
import type { CacheDtype } from "./cache_dtype.ts";
import { cacheDtypeOf } from "./cache_dtype.ts";
import type { BlockPlan } from "./pool.ts";
import type { ServingStage } from "./stages.ts";
import { stagesOf } from "./stages.ts";
import { hasMxfp4 } from "./weights/kernel_copies.ts";
import type { AdapterSlots } from "./weights/lora.ts";
import { USUAL_RANK } from "./weights/lora.ts";
import type { LoadedWeights } from "./weights/mod.ts";
import { loadedWeights } from "./weights/mod.ts";
import { mxKernelsOf } from "./weights/mxfp4.ts";
import type { RankLayout } from "./weights/rank_shape.ts";

/** A model that speculates for another. */
export interface DraftModel {
  readonly model: Model;
  readonly checkpoint: StoredModel;
  readonly caches: LayerCaches;
}

/** Tokens that a draft speculates, for no setting says how many. */
const SPECULATED = 1;

/** How caches lie in a pool, and the tokens of a block. */
export interface PooledPlan {
  /** Null where they cannot share a pool. */
  readonly pool: BlockPlan | null;
  readonly block: number;
}

/** A question, with what does not depend on the GPU worked out. */
export interface AskedVllm {
  readonly question: ServingQuestion;
  readonly elementBytes: number;
  readonly cacheDtype: CacheDtype;
  readonly layout: RankLayout;
  readonly stages: readonly ServingStage[];
  readonly draft: DraftModel | null;
  /** Tokens that are speculated ahead; 0 without a draft. */
  readonly lookahead: number;
  readonly hasStates: boolean;
  readonly hasAttention: boolean;
  readonly isCrossing: boolean;
  readonly caching: boolean;
  /** Plans of the pool that were made, by what they depend on. */
  readonly plans: Map<string, PooledPlan>;
  /** What loading leaves on each stage of a GPU. */
  loadedOn(gpu: ServingGpu): readonly LoadedWeights[];
}

/** @returns The question, or what is wrong with it. */
export function askedOf(question: ServingQuestion): Result<AskedVllm> {
  const { scenario, model, mesh, caches } = question;
  const { serve, precision } = scenario;
  const cacheDtype = cacheDtypeOf(scenario, model);
  if (!("name" in cacheDtype)) {
    return {
      ok: false,
      problems: [{
        path: "serve.kv_dtype",
        message: `serve.kv_dtype must be one of ${
          cacheDtype.join(", ")
        } with vllm: current value is ${JSON.stringify(serve.kv_dtype)}`,
      }],
    };
  }
  const draft = draftOf(question);
  if (!draft.ok) return draft;
  const ranks = mesh.tp * mesh.dp;
  const layout: RankLayout = {
    tp: mesh.tp,
    ep: mesh.ep,
    expertTp: Math.max(1, Math.floor(ranks / mesh.ep)),
  };
  const stages = stagesOf(model.architecture.layers, mesh.pp);
  const slots: AdapterSlots | null = serve.max_loras === null
    ? null
    : { count: serve.max_loras, rank: serve.max_lora_rank ?? USUAL_RANK };
  const hasStates = firstOf(caches, "state") !== null;
  const isCrossing = firstOf(caches, "cross") !== null;
  const hasAttention = caches.groups.some(({ keeps }) =>
    keeps.some(({ kind }) => kind !== "state" && kind !== "shared")
  );
  const hasMx = hasMxfp4(question.checkpoint);
  const byKernels = new Map<string, readonly LoadedWeights[]>();
  return {
    ok: true,
    value: {
      question,
      elementBytes: FLOAT_BYTES[precision.weights],
      cacheDtype,
      layout,
      stages,
      draft: draft.value,
      lookahead: draft.value ? SPECULATED : 0,
      hasStates,
      hasAttention,
      isCrossing,
      caching: serve.prefix_caching ?? (hasAttention && !isCrossing),
      plans: new Map(),
      loadedOn(gpu) {
        const key = hasMx ? mxKernelsOf(model, gpu) : "any";
        const known = byKernels.get(key);
        if (known) return known;
        const use = { layout, stages, gpu, type: precision.weights, slots };
        const own = loadedWeights(question.checkpoint, model, use);
        const loaded = draft.value ? withDraft(own, draft.value, use) : own;
        byKernels.set(key, loaded);
        return loaded;
      },
    },
  };
}

/** Adds a draft, which the last stage holds. */
function withDraft(
  own: readonly LoadedWeights[],
  { checkpoint, model }: DraftModel,
  use: Parameters<typeof loadedWeights>[2],
): LoadedWeights[] {
  const [draft] = loadedWeights(checkpoint, model, {
    ...use,
    stages: stagesOf(model.architecture.layers, 1),
    slots: null,
  });
  return own.map((stage, at) =>
    at === own.length - 1 && draft
      ? {
        ...stage,
        parameters: stage.parameters + draft.parameters,
        copies: stage.copies + draft.copies,
        tables: stage.tables + draft.tables,
      }
      : stage
  );
}

function draftOf({ scenario }: ServingQuestion): Result<DraftModel | null> {
  const { draft_model } = scenario.serve;
  if (draft_model === null) return { ok: true, value: null };
  const model = resolveModel(draft_model);
  if (!model.ok) {
    return {
      ok: false,
      problems: model.problems.map(({ path, message }) => ({
        path: `serve.draft_${path}`,
        message: message.replace(/^model\b/, "serve.draft_model"),
      })),
    };
  }
  return {
    ok: true,
    value: {
      model: model.value,
      checkpoint: plainModel(model.value, scenario.precision.weights),
      caches: cachesOf(model.value),
    },
  };
}
