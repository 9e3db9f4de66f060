import type { Architecture } from "../../models/architecture.ts";
import { divisorsOf } from "../../parallel/nearest.ts";
import type { Scenario } from "../../scenario/schema.ts";

type Parallel = Scenario["parallel"];

/** Stages of a pipeline that are proposed at most. */
const MOST_STAGES = 64;

/** Ranks that share a sequence at most, or the experts of a layer. */
const MOST_SHARING = 64;

/** Tokens that context parallelism leaves a rank at least. */
const LEAST_TOKENS = 1024;

/** What meshes are proposed for. */
export interface MeshQuestion {
  readonly scenario: Scenario;
  readonly architecture: Architecture;
  readonly gpus: number;
}

/**
 * The ways to lay GPUs out for an engine that can split all that there is, those
 * that split less first: tensor parallelism within a node, stages that layers can
 * be dealt out to, context parallelism of long sequences, experts.
 */
export function meshesOf(
  { scenario: { parallel, train }, architecture, gpus }: MeshQuestion,
): Parallel[] {
  const { attention_heads: heads, layers, experts } = architecture;
  const divisors = divisorsOf(gpus);
  const tensor = divisors.filter((tp) =>
    tp <= parallel.gpus_per_node && heads % tp === 0
  );
  const pipeline = divisors.flatMap((pp) =>
    pp <= Math.min(layers, MOST_STAGES) ? stagesOf(parallel, pp, layers) : []
  );
  // A rank has two pieces of a sequence, one from each end.
  const context = divisors.filter((cp) =>
    cp === 1 ||
    (cp <= MOST_SHARING && train.sequence_length % (2 * cp) === 0 &&
      train.sequence_length / cp >= LEAST_TOKENS)
  );
  const expert = divisors.filter((ep) =>
    ep === 1 || (ep <= MOST_SHARING && experts > 0 && experts % ep === 0)
  );
  return tensor.flatMap((tp) =>
    pipeline.flatMap((stages) =>
      context.flatMap((cp) =>
        expert.map((ep): Parallel => ({
          ...parallel,
          ...stages,
          gpus,
          tp,
          cp,
          ep,
          sequence_parallel: tp > 1,
          rank: null,
        }))
      )
    )
  ).filter(({ tp, pp, cp }) => gpus % (tp * pp * cp) === 0)
    .sort((a, b) => splitsOf(a) - splitsOf(b));
}

/**
 * Sizes that GPUs would go into and the model does not, one axis each: for telling
 * why they are not among {@linkcode meshesOf}.
 */
export function unevenMeshes(
  { scenario: { parallel }, architecture, gpus }: MeshQuestion,
): Parallel[] {
  const { attention_heads: heads, kv_heads: kv, layers, experts } =
    architecture;
  const whole = replicasOf(parallel, gpus);
  return divisorsOf(gpus).flatMap((size): Parallel[] => [
    ...(size <= parallel.gpus_per_node &&
        (heads % size !== 0 || (kv % size !== 0 && size % kv !== 0))
      ? [{ ...whole, tp: size, sequence_parallel: size > 1 }]
      : []),
    ...(size > layers && size <= MOST_STAGES ? [{ ...whole, pp: size }] : []),
    ...(experts > 0 && size <= MOST_SHARING && experts % size !== 0
      ? [{ ...whole, ep: size }]
      : []),
  ]);
}

/** All GPUs as replicas or shards of one another. */
export function replicasOf(parallel: Parallel, gpus: number): Parallel {
  const stages = { ...parallel, ...EVEN, pp: 1, virtual_pipeline: 1 };
  const whole = { ...stages, tp: 1, cp: 1, ep: 1, etp: null };
  return { ...whole, gpus, sequence_parallel: false, rank: null };
}

function splitsOf({ tp, pp, cp, ep }: Parallel): number {
  return tp * pp * cp * ep;
}

type Stages = Pick<
  Parallel,
  "pp" | "virtual_pipeline" | "layers_of_first_stage" | "layers_of_last_stage"
>;

const EVEN = { layers_of_first_stage: null, layers_of_last_stage: null };

/**
 * How so many stages share a model's layers: evenly, or with fewer for the first
 * and the last, which have the embeddings and the head beside; none where neither
 * goes.
 */
function stagesOf(own: Parallel, pp: number, layers: number): Stages[] {
  const virtual_pipeline = pp === 1 ? 1 : own.virtual_pipeline;
  const isAsked = own.layers_of_first_stage !== null ||
    own.layers_of_last_stage !== null;
  if (pp === own.pp && isAsked) {
    const { layers_of_first_stage, layers_of_last_stage } = own;
    return [{
      pp,
      virtual_pipeline,
      layers_of_first_stage,
      layers_of_last_stage,
    }];
  }
  if (layers % pp === 0) return [{ pp, virtual_pipeline, ...EVEN }];
  for (let ends = Math.floor(layers / pp); ends > 0; ends--) {
    if (pp > 2 && (layers - 2 * ends) % (pp - 2) === 0) {
      return [{
        pp,
        virtual_pipeline,
        layers_of_first_stage: ends,
        layers_of_last_stage: ends,
      }];
    }
    if ((layers - ends) % (pp - 1) === 0) {
      return [{ pp, virtual_pipeline, ...EVEN, layers_of_last_stage: ends }];
    }
  }
  return [];
}
