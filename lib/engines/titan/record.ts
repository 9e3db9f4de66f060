import type { PartName } from "../../answer/parts.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import { factsOfKind } from "../../plan/masks.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import type { LayerKind } from "../../plan/stacks.ts";
import { recordReceived, recordSent } from "../../play/record/handed.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { Stack } from "../../play/program/pass.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import { linearsOf } from "../../software/torchao/linears.ts";
import {
  recordTitanHead,
  recordTitanTable,
} from "../../software/torchtitan/ends.ts";
import type { TokenShares } from "../../software/torchtitan/shares.ts";
import { ownSums, wholeTokens } from "../../software/torchtitan/shares.ts";
import { isCheckpointed, keepsOutputs } from "../blocks/stacks.ts";

/** What of the model a rank runs at a time. */
export interface Chunk {
  /** Whether it begins with the embeddings, and ends with the loss. */
  readonly first: boolean;
  readonly last: boolean;
  /** The numbers of its layers. */
  readonly layers: readonly number[];
}

/** How a chunk is recorded. */
export interface ChunkRecording {
  readonly shares: TokenShares;
  /** Whether each rank keeps its part of the logits through the loss. */
  readonly inParts: boolean;
  /** Whether FSDP shards parameters too. */
  readonly sharded: boolean;
  /** Whether it is of a pipeline, whose schedule holds the batch and the logits. */
  readonly piped: boolean;
}

/** Records one rank's part of a chunk of a model. */
export function recordTitan(
  plan: StepPlan,
  chunk: Chunk,
  { shares, inParts, sharded, piped }: ChunkRecording,
  given: MachineSettings,
): Stack {
  const { scenario, stack, facts } = plan;
  const settings = { ...given, linears: linearsOf(scenario) };
  const { checkpointing, selective } = scenario.train;
  const part: PartName = checkpointing === "none"
    ? "residual stream"
    : "checkpoints";
  const first = embeddingPlanOf(plan, null);
  const rows = first.rows / shares.tp;
  const dtype = first.table.dtype;
  const handed = { elements: rows * first.hidden, dtype, part };
  const begin = chunk.first
    ? recordTitanTable(settings, first, shares, {
      part,
      batch: !piped,
      sharded,
    })
    : recordReceived(handed);
  const layers = recordStack(
    settings,
    {
      ...handed,
      needsGrad: true,
      isLeaf: false,
      offload: scenario.train.checkpoint_offload,
      stopsEarly: facts.code.stopsEarly,
      keepsOutputs: keepsOutputs(scenario.train),
    },
    chunk.layers.map((number, at) => {
      const kind = stack.layers[number] as LayerKind;
      return {
        key: `${kind.id}`,
        checkpoint: isCheckpointed(checkpointing, at, selective),
        held: false,
        code: () => {
          const own = layerPlanOf(
            plan.modulesOf(kind),
            factsOfKind(facts, kind, plan.windows),
          );
          const layer = shares.tp === 1 ? own : {
            ...own,
            normRows: rows,
            shares: {
              enter: (m, x) => wholeTokens(m, x, shares),
              leave: (m, x) => ownSums(m, x, shares),
            },
          } satisfies typeof own;
          return { run: (m, x) => decoderLayer(m, x, layer, null) };
        },
      };
    }),
  );
  const end = chunk.last
    ? recordTitanHead(
      settings,
      headPlanOf(plan, first),
      shares,
      { inParts, kept: piped },
      { dtype: layers.dtype, needsGrad: true, part },
    )
    : recordSent(handed, "their gradient comes");
  return [
    { block: begin, at: "embeddings" },
    ...layers.blocks.map((block, at) => ({
      block,
      at: chunk.layers[at] ?? 0,
    })),
    { block: end, at: "head" },
  ];
}
