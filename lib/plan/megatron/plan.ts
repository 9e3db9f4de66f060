import { unevenStages } from "../../parallel/megatron.ts";
import type { Mesh } from "../../parallel/mesh.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { HeadPart } from "../../software/megatron/ends.ts";
import type {
  LayerPart,
  MatrixPart,
  Shares,
} from "../../software/megatron/shares.ts";
import { hasTower } from "../../models/tensors/tower.ts";
import type { LayerPlan } from "../../play/layers/decoder_layer.ts";
import { layerPlanOf } from "../layer_plan.ts";
import { embeddingPlanOf, headPlanOf } from "../outer_plan.ts";
import type { LayerKind } from "../stacks.ts";
import type { StepPlan } from "../step_plan.ts";
import { loraCutsOf } from "./adapters.ts";
import type { HeldParameter } from "./held.ts";
import { parametersOf } from "./held.ts";
import type { Cuts } from "./matrix.ts";
import { matrixPart, normPart } from "./matrix.ts";
import { partOf } from "./parts.ts";
import { furtherTokens, heldByNext, nextTokenPart } from "./next_token.ts";
import type { LayerSpan } from "./stages.ts";
import { stagesOf } from "./stages.ts";

/** A piece of the model that a stage runs at a time. */
export interface ChunkPart {
  /** Whether it begins with the embeddings, and ends with the loss. */
  readonly first: boolean;
  readonly last: boolean;
  readonly layers: LayerSpan;
}

/** A rank's part of the model. */
export interface MegatronPlan {
  /** The step's plan, which all stages share. */
  readonly whole: StepPlan;
  readonly shares: Shares;
  readonly hidden: number;
  readonly dtype: Dtype;
  readonly chunks: readonly ChunkPart[];
  readonly kindOf: (layer: number) => LayerKind;
  readonly layerOf: (kind: LayerKind) => LayerPart;
  readonly table: MatrixPart;
  readonly head: HeadPart;
  /** Whether the head is the table itself, on the same rank. */
  readonly tied: boolean;
  /** All parameters of the rank, in the order in which they are made. */
  readonly held: readonly HeldParameter[];
}

/** Rows of the vocabulary that each rank has are a multiple of this. */
const VOCABULARY_MULTIPLE = 128;

/** Plans what a stage's rank has. */
type StagePlans = (stage: number) => MegatronPlan;

const PLANS = new WeakMap<
  StepPlan,
  { mesh: Mesh; plans: StagePlans | { readonly reason: string } }
>();

/** Plans what a stage's rank has, or says why it cannot. */
export function megatronPlanOf(
  plan: StepPlan,
  mesh: Mesh,
  stage: number,
): MegatronPlan | { readonly reason: string } {
  const before = PLANS.get(plan);
  const plans = before?.mesh === mesh ? before.plans : stagePlansOf(plan, mesh);
  if (before?.mesh !== mesh) PLANS.set(plan, { mesh, plans });
  return "reason" in plans ? plans : plans(stage);
}

function stagePlansOf(
  plan: StepPlan,
  mesh: Mesh,
): StagePlans | { readonly reason: string } {
  const { scenario, stack, facts } = plan;
  const { parallel, train, precision, engine } = scenario;
  const { tp, pp, ep } = mesh;
  const { type, layers, vocab_size: vocabulary } = facts.architecture;
  if (plan.encoders) {
    return {
      reason:
        `models of type ${type} have an encoder, with which Megatron-Core is not played`,
    };
  }
  if (hasTower(plan.model)) {
    return {
      reason:
        `models of type ${type} have a tower of images or sounds beside their decoder, with which Megatron-Core is not played`,
    };
  }
  const dtype = precision.weights;
  if (dtype !== "bf16" && dtype !== "fp16") {
    return {
      reason:
        `Megatron-Core is played in bf16 or fp16 alone; precision.weights is ${dtype}`,
    };
  }
  const spans = stagesOf({
    layers,
    stages: pp,
    chunks: parallel.virtual_pipeline,
    first: parallel.layers_of_first_stage,
    last: parallel.layers_of_last_stage,
  });
  if (!spans) return { reason: unevenStages(layers, pp) };
  const lora = loraCutsOf(scenario, plan.model);
  if (lora && "reason" in lora) return lora;
  const cuts: Cuts = {
    tp,
    ep,
    etp: parallel.etp ?? tp,
    dtype,
    fusesGradients: engine.gradient_accumulation_fusion ?? true,
    lora,
  };
  const parts = layerParts(plan, cuts);
  if ("reason" in parts) return parts;
  const outer = embeddingPlanOf(plan, null);
  if (outer.positions || outer.norm) {
    return {
      reason:
        `embeddings of models of type ${type} are none of those that Megatron-Core is played with`,
    };
  }
  const { norm, head: own } = headPlanOf(plan, outer);
  if (!norm) return { reason: `models of type ${type} have no last norm` };
  const multiple = VOCABULARY_MULTIPLE * tp;
  const sizes = {
    in: outer.hidden,
    out: Math.ceil(vocabulary / multiple) * multiple / tp,
  };
  const isTied = own.weight === outer.table;
  const table = matrixPart("word_embeddings", sizes, cuts, {
    trains: outer.table.trains,
  });
  const matrix = isTied && pp === 1
    ? table
    : matrixPart("output_layer", sizes, cuts, {
      trains: "trains" in own.weight && own.weight.trains,
    });
  const last = normPart(norm, cuts);
  const further = furtherTokens(plan.model.config ?? {});
  if (further > 1 || (further > 0 && isTied)) {
    return {
      reason: further > 1
        ? `${further} layers that predict further tokens are not played with Megatron-Core: num_nextn_predict_layers 1 is`
        : "a layer that predicts a further token is not played with tied embeddings",
    };
  }
  const chunksOf = (stage: number) =>
    (spans[stage] ?? []).map((span): ChunkPart => ({
      first: span[0] === 0 && stage === 0,
      last: span[1] === layers && stage === pp - 1,
      layers: span,
    }));
  const kindOf = (layer: number) => stack.layers[layer] as LayerKind;
  const layerOf = (kind: LayerKind) => parts.get(kind) as LayerPart;
  const next = further === 0
    ? null
    : nextTokenPart(plan, cuts, { table: table.weight, norm });
  if (next && "reason" in next) return next;
  const one = ({ weight }: MatrixPart): HeldParameter[] => [
    { parameter: weight, expert: false, count: 1 },
  ];
  const held = new Map(
    [...parts].map(([kind, part]) => [kind, parametersOf(part)]),
  );
  const heldBy = (chunks: readonly ChunkPart[], stage: number) =>
    chunks.flatMap((chunk) => [
      ...(chunk.first ? one(table) : []),
      ...span(chunk.layers).flatMap((layer) => held.get(kindOf(layer)) ?? []),
      ...(chunk.last
        ? [
          { parameter: last.weight, expert: false, count: 1 },
          ...(matrix === table ? [] : one(matrix)),
          ...(next ? heldByNext(next, stage > 0) : []),
        ].filter((each): each is HeldParameter => each.parameter !== null)
        : []),
    ]);
  const lossOf = engine.name === "megatron"
    ? train.loss === "fused"
      ? "memory"
      : train.kernels === "compile"
      ? "compiled"
      : "logits"
    : pp > 1
    ? "kept copy"
    : "copy";
  const common = {
    whole: plan,
    shares: sharesOf(scenario, mesh),
    hidden: outer.hidden,
    dtype,
    kindOf,
    layerOf,
    table,
    tied: matrix === table,
  };
  return (stage) => {
    const chunks = chunksOf(stage);
    return {
      ...common,
      chunks,
      head: {
        norm: last,
        head: matrix,
        lossOf,
        next: chunks.at(-1)?.last ? next : null,
      },
      held: heldBy(chunks, stage),
    };
  };
}

/** A rank's part of each kind of layers. */
function layerParts(
  { scenario: { parallel }, stack, facts, modulesOf }: StepPlan,
  cuts: Cuts,
): Map<LayerKind, LayerPart> | { readonly reason: string } {
  const parts = new Map<LayerKind, LayerPart>();
  for (const kind of stack.kinds) {
    const layer = layerPlanOf(modulesOf(kind), facts);
    const part = partOf(layer, cuts);
    if (!part) {
      return {
        reason:
          `layers of models of type ${facts.architecture.type} are none of those that Megatron-Core is played with: ${
            strangeIn(layer)
          }`,
      };
    }
    if ("router" in part.mlp && cuts.tp > 1 && !parallel.sequence_parallel) {
      return {
        reason:
          `Megatron-Core trains experts with tensor parallelism only where tokens are shared too: parallel.sequence_parallel has to be true with parallel.tp = ${cuts.tp}`,
      };
    }
    parts.set(kind, part);
  }
  return parts;
}

/** What a layer has that is not played with Megatron-Core, in words. */
function strangeIn(
  { arrangement, attention, mlp, stateSpace }: LayerPlan,
): string {
  if (stateSpace) return "they keep states, as Mamba's do";
  if (!attention || !mlp) return "they are of attention or of an MLP alone";
  return arrangement === "pre"
    ? "they lack a norm before attention or MLP"
    : `their norms and sums are in another order (${arrangement})`;
}

function sharesOf(
  { parallel, train, engine }: StepPlan["scenario"],
  { tp, cp }: Mesh,
): Shares {
  return {
    batch: train.micro_batch,
    sequence: train.sequence_length / cp,
    tp,
    cp,
    splitsTokens: parallel.sequence_parallel && tp > 1,
    recomputed: new Set(
      train.checkpointing === "selective"
        ? engine.recompute_modules ?? ["core_attn"]
        : [],
    ),
    code: engine.name === "megatron" ? "core" : "deepspeed",
  };
}

/** The numbers of a span's layers. */
export function span([from, to]: LayerSpan): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
