import type { PartName } from "../../answer/parts.ts";
import type { ChunkPart, MegatronPlan } from "../../plan/megatron/plan.ts";
import { span } from "../../plan/megatron/plan.ts";
import { besideBuffer } from "../../plan/beside.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Block } from "../../play/record/block.ts";
import type { StackLayer } from "../../play/record/record_stack.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import { recordReceived, recordSent } from "../../play/record/handed.ts";
import { recordLogits, recordTable } from "../../software/megatron/ends.ts";
import { layer } from "../../software/megatron/layer.ts";
import { keptByDispatcher } from "../../software/megatron/experts.ts";
import type { LayerPart } from "../../software/megatron/shares.ts";
import { ownTokens } from "../../software/megatron/shares.ts";
import type { ChunkStack } from "./weave.ts";

/** How chunks are recorded. */
export interface Recording {
  readonly workspaces: boolean;
  /** Whether whole layers run again in the backward pass. */
  readonly checkpoints: boolean;
  /** What becomes of a parameter's gradient. */
  readonly gradients: NonNullable<MachineSettings["accumulation"]>;
}

/** The chunks of a rank. */
export interface Recorded {
  readonly chunks: readonly ChunkStack[];
  /** What layers refer to after a backward pass, until they run again. */
  readonly kept: ReadonlyMap<Block, Buffer>;
}

/** Records the chunks of a rank. */
export function recordChunks(
  plan: MegatronPlan,
  how: Recording,
): Recorded {
  const kept = new Map<Block, Buffer>();
  const known = knownOf(plan.whole, how.gradients);
  const chunks = plan.chunks.map((chunk) => {
    const recorded = recordChunk(plan, chunk, how, known);
    for (const { block, at } of recorded.stack) {
      const buffer = typeof at === "number" && !kept.has(block)
        ? keptByLayer(plan, plan.layerOf(plan.kindOf(at)), how)
        : null;
      if (buffer) kept.set(block, buffer);
    }
    return recorded;
  });
  return { chunks, kept };
}

/** Blocks by what they run: the stages of a pipeline have the same. */
const KNOWN = new WeakMap<StepPlan, Map<unknown, Map<string, Block>>>();

function knownOf(
  plan: StepPlan,
  gradients: Recording["gradients"],
): Map<string, Block> {
  const all = KNOWN.get(plan) ?? new Map<unknown, Map<string, Block>>();
  const known = all.get(gradients) ?? new Map<string, Block>();
  KNOWN.set(plan, all.set(gradients, known));
  return known;
}

/** What a layer refers to after its backward pass; null where it is nothing. */
function keptByLayer(
  { shares, hidden, dtype }: MegatronPlan,
  { mlp }: LayerPart,
  { checkpoints }: Recording,
): Buffer | null {
  if (!("router" in mlp)) return null;
  return besideBuffer(
    "expert activations",
    "what a dispatcher refers to",
    keptByDispatcher(mlp, shares, {
      hidden,
      bytes: DTYPE_BYTES[dtype],
      runsAgain: checkpoints,
    }),
  );
}

function recordChunk(
  plan: MegatronPlan,
  { first, last, layers: own }: ChunkPart,
  { workspaces, checkpoints, gradients }: Recording,
  known: Map<string, Block>,
): ChunkStack {
  const once = (name: string, record: () => Block): Block => {
    const block = known.get(name) ?? record();
    known.set(name, block);
    return block;
  };
  const { shares, hidden, dtype, table, head, tied } = plan;
  const settings: MachineSettings = {
    accumulation: gradients,
    stepBytes: () => 0,
    workspaces,
    linears: plan.whole.scenario.precision.fp8 !== null &&
        plan.whole.scenario.engine.name === "megatron"
      ? { kind: "engine" }
      : null,
  };
  const part: PartName = checkpoints ? "checkpoints" : "residual stream";
  const handed = {
    elements: ownTokens(shares) * hidden,
    dtype,
    part,
    copies: shares.code === "deepspeed",
  };
  const { weight } = table;
  // Megatron-Bridge makes what frozen embeddings give a leaf that needs a gradient
  // where layers run again, for else none of them would (peft/recompute.py).
  const needsGrad = !first || weight.trains || checkpoints;
  // Megatron-DeepSpeed makes one for every batch (megatron/utils.py).
  const mask = head.lossOf === "copy" ? shares.sequence ** 2 : 0;
  const begin = first
    ? once("embeddings", () =>
      recordTable(
        {
          ...settings,
          begun: tied && weight.trains
            ? { parameter: weight, isView: false }
            : null,
        },
        weight,
        shares,
        { part, needsGrad, mask },
      ))
    : once("received", () => recordReceived(handed));
  const numbers = span(own);
  const layers = recordStack(
    settings,
    {
      ...handed,
      needsGrad,
      isLeaf: false,
      offload: false,
      stopsEarly: false,
    },
    numbers.map((number, at): StackLayer => {
      const kind = plan.kindOf(number);
      return {
        key: `${kind.id}`,
        checkpoint: checkpoints,
        held: false,
        // GPTModel.forward has what its embeddings gave (models/gpt/gpt_model.py);
        // where that needs a gradient, layers save it.
        heldByModel: at === 0 && !needsGrad,
        code: () => ({
          run: (m, x) => layer(m, x, plan.layerOf(kind), shares),
        }),
      };
    }),
    known,
  );
  const end = last
    ? once("head", () =>
      recordLogits(
        { ...settings, awaited: tied ? weight : null },
        head,
        shares,
        { dtype, needsGrad: true, part },
      ))
    : once("sent", () => recordSent(handed, "they are sent"));
  return {
    stack: [
      { block: begin, at: "embeddings" },
      ...layers.blocks.map((block, at) => ({ block, at: numbers[at] ?? 0 })),
      { block: end, at: "head" },
    ],
    receives: !first,
    sends: !last,
  };
}
