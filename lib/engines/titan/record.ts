import type { PartName } from "../../answer/parts.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import { factsOfKind } from "../../plan/masks.ts";
import { embeddingPlanOf, headPlanOf } from "../../plan/outer_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import type { Block } from "../../play/record/block.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { Stack } from "../../play/program/pass.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import {
  recordTitanHead,
  recordTitanTable,
} from "../../software/torchtitan/ends.ts";
import type { TokenShares } from "../../software/torchtitan/shares.ts";
import { ownSums, wholeTokens } from "../../software/torchtitan/shares.ts";
import { isCheckpointed, keepsOutputs } from "../blocks/stacks.ts";

/** The embeddings, layers and loss of one rank's part of a whole model. */
export function recordTitan(
  plan: StepPlan,
  shares: TokenShares,
  settings: MachineSettings,
  { inParts, sharded }: {
    /** Whether each rank keeps its part of the logits through the loss. */
    readonly inParts: boolean;
    /** Whether FSDP shards parameters too. */
    readonly sharded: boolean;
  },
): Stack {
  const { scenario, stack, facts } = plan;
  const { checkpointing, selective } = scenario.train;
  const part: PartName = checkpointing === "none"
    ? "residual stream"
    : "checkpoints";
  const first = embeddingPlanOf(plan, null);
  const begin: Block = recordTitanTable(settings, first, shares, {
    part,
    batch: true,
    sharded,
  });
  const rows = first.rows / shares.tp;
  const layers = recordStack(
    settings,
    {
      elements: rows * first.hidden,
      dtype: begin.outputDtype,
      needsGrad: true,
      isLeaf: false,
      part,
      offload: scenario.train.checkpoint_offload,
      stopsEarly: facts.code.stopsEarly,
      keepsOutputs: keepsOutputs(scenario.train),
    },
    stack.layers.map((kind, at) => ({
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
    })),
  );
  const end = recordTitanHead(
    settings,
    headPlanOf(plan, first),
    shares,
    { inParts, kept: false },
    { dtype: layers.dtype, needsGrad: true, part },
  );
  return [
    { block: begin, at: "embeddings" },
    ...layers.blocks.map((block, at) => ({ block, at })),
    { block: end, at: "head" },
  ];
}
