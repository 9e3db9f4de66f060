import { plainModel } from "../../formats/plain.ts";
import type { Model } from "../../models/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { MIB } from "../../units/mod.ts";
import type { ServingQuestion } from "../engine.ts";
import { adapterBytes } from "../adapters.ts";
import { rankWeights } from "../rank_weights.ts";
import { rotaryElements } from "../rotary_table.ts";
import type { LayerStage } from "../stages.ts";
import { heaviestStages } from "../stages.ts";
import type { SglangAsked } from "./asked.ts";
import { cellsOf } from "./cells.ts";
import type { SglangReady, SglangStage } from "./plan.ts";
import { unloadedWarnings } from "../unloaded.ts";
import { poolsWindows } from "./windows.ts";

/** Rows that embeddings are padded to a multiple of. */
const VOCABULARY_ROWS = 64;
/** Of a model that states no longest sequence. */
const USUAL_CONTEXT = 2048;
/** What images that were embedded are kept in. */
const IMAGE_CACHE = 100 * MIB;

/** Source: sgl-project/sglang srt/layers/quantization/__init__.py */
const UNLOADED = ["hqq", "exl2", "exl3", "mlx"] as const;

/** Puts together what does not depend on the GPU. */
export function readyFor(
  question: ServingQuestion,
  asked: SglangAsked,
  element: number,
): Result<SglangReady> {
  const { scenario, model, mesh, caches } = question;
  const draft = draftOf(asked);
  if (!draft.ok) return draft;
  const longest = model.architecture.max_position_embeddings ?? USUAL_CONTEXT;
  const given = scenario.serve.max_model_len;
  const context = given ?? longest;
  const stages = heaviestStages(caches.layers, mesh.pp);
  const weights = stages.map((stage) =>
    weightsOf(question, stage, draft.value)
  );
  const needs = (windows: boolean): SglangStage[] =>
    stages.map((stage, at) => ({
      weights: weights[at] ?? 0,
      cells: withDraft(
        cellsOf(caches, stage, {
          tp: mesh.tp,
          element,
          windows,
          stateElement: stateElementBytes(model),
        }),
        draft.value,
        stage.to - stage.from,
      ),
    }));
  const alike = needs(false);
  const pooled = needs(true);
  return {
    ok: true,
    value: {
      asked,
      scenario,
      architecture: model.architecture,
      mesh,
      stagesOn: (card) => poolsWindows(model, caches, card) ? pooled : alike,
      context,
      tooLong: given !== null && given > longest ? longest : null,
      kvBytes: scenario.serve.kv_cache_bytes,
      imageCache: asked.isMultimodal ? IMAGE_CACHE : 0,
      assumptions: assumptionsOf(question, asked),
      warnings: unloadedWarnings(question, "SGLang", UNLOADED),
    },
  };
}

function draftOf({ draft }: SglangAsked): Result<Model | null> {
  if (draft === null) return { ok: true, value: null };
  const found = resolveModel(draft);
  return found.ok ? found : {
    ok: false,
    problems: found.problems.map(({ path, message }) => ({
      path: `serve.draft_${path}`,
      message: `serve.draft_${message}`,
    })),
  };
}

/**
 * Parameters of a rank, what is kept beside them, adapters' slots, and a draft's.
 *
 * Source: sgl-project/sglang srt/models/deepseek_v2.py, post_load_weights, for the
 * two halves of kv_b_proj that attention reads
 */
function weightsOf(
  question: ServingQuestion,
  stage: LayerStage,
  draft: Model | null,
): number {
  const { model, mesh, scenario, checkpoint } = question;
  const dealing = { vocabularyRows: VOCABULARY_ROWS };
  const own = rankWeights({ model, checkpoint, mesh }, stage, dealing);
  const halves = rankWeights(
    {
      model,
      mesh,
      checkpoint: {
        ...checkpoint,
        tensors: plainModel(model, scenario.precision.weights).tensors.filter((
          { tensor },
        ) => /\.kv_b_proj\.weight$/.test(tensor.name)),
      },
    },
    stage,
    dealing,
  );
  const tables = rotaryElements(model) * ROTARY_BYTES;
  const speculates = draft === null ? 0 : rankWeights(
    {
      model: draft,
      mesh,
      checkpoint: plainModel(draft, scenario.precision.weights),
    },
    { from: 0, to: draft.architecture.layers, isFirst: true, isLast: true },
    dealing,
  );
  return own + halves + tables + speculates +
    adapterBytes(question, stage, scenario.serve);
}

/** Cosines and sines lie in fp32 on NVIDIA's GPUs. */
const ROTARY_BYTES = 4;

/** A draft's layers have cells like the model's own. */
function withDraft(
  cells: SglangStage["cells"],
  draft: Model | null,
  layers: number,
): SglangStage["cells"] {
  if (draft === null || layers === 0) return cells;
  const share = draft.architecture.layers / layers;
  return { ...cells, full: Math.trunc(cells.full * (1 + share)) };
}

/** States run along in fp32 unless the config says otherwise. */
function stateElementBytes({ config }: Model): number {
  const text = config?.["text_config"] ?? config;
  const stated = typeof text === "object" && text !== null
    ? (text as Record<string, unknown>)["mamba_ssm_dtype"]
    : undefined;
  return stated === "bfloat16" || stated === "float16" ? 2 : 4;
}

function assumptionsOf(
  { model, caches, gpus }: ServingQuestion,
  { isMultimodal, draft }: SglangAsked,
): string[] {
  const keepsWindows = caches.groups.some(({ keeps }) =>
    keeps.some(({ kind }) => kind === "window" || kind === "chunk")
  );
  return [
    "SGLang takes mem_fraction_static of what is free before loading; CUDA graphs are what it allows for them, activations are those of one layer's widest block",
    ...(keepsWindows && !gpus.every((gpu) => poolsWindows(model, caches, gpu))
      ? [
        "SGLang keeps every token of layers with a window for this model and GPU",
      ]
      : []),
    ...(isMultimodal
      ? ["Prefills are not captured as CUDA graphs: the model takes images"]
      : []),
    ...(draft === null ? [] : [
      "The draft's cache is counted as SGLang does: as more layers of the model's own",
    ]),
  ];
}
