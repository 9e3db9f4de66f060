import type { PartName } from "../../answer/parts.ts";
import type { Dtype } from "../torch/dtype.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import type { Machine } from "../torch/machine.ts";
import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Value } from "../torch/values.ts";
import type { Block } from "./block.ts";
import type { LayerEnds } from "./record_layer.ts";
import { recordLayer } from "./record_layer.ts";

/** What a layer runs. */
export interface LayerRun extends LayerEnds {
  readonly run: (m: Machine, x: Value) => Value;
  /** Says what else is known of the block once it is recorded. */
  readonly finish?: (block: Block) => Block;
}

/** A layer of a stack. */
export interface StackLayer {
  /** Layers of one key run the same code on what they are given. */
  readonly key: string;
  readonly checkpoint: boolean;
  /** Whether the stack's code refers to its input until the layers have run. */
  readonly held: boolean;
  /** Whether the model's code does until its forward pass ends. */
  readonly heldByModel?: boolean;
  /** Plans what it runs; called for the first of those that are alike. */
  code(): LayerRun;
}

/** What the first layer is given, and how all of them run. */
export interface StackInput {
  /** Elements of hidden states before the first layer. */
  readonly elements: number;
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  /** Whether it is a leaf of the graph, which autograd holds to the end. */
  readonly isLeaf: boolean;
  /** Whether such a leaf stands until a trainer lets go of the loss. */
  readonly holdsLeaf?: boolean;
  /** What hidden states between layers count as. */
  readonly part: PartName;
  /** Whether checkpoints are moved to the host until they are needed again. */
  readonly offload: boolean;
  /** Whether a layer that runs again stops when all that it saves is there. */
  readonly stopsEarly: boolean;
  /** Whether checkpoints keep outputs of operations beside their input. */
  readonly keepsOutputs?: boolean;
}

/** The blocks of a stack, one object for all layers that are alike. */
export interface RecordedStack {
  readonly blocks: readonly Block[];
  /** Of what the last layer gives. */
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  readonly elements: number;
  /** Bytes of checkpoints on the host. */
  readonly hostBytes: number;
}

/**
 * Records the layers of a stack, each sort once.
 *
 * @param known What other stacks of the same layers have recorded.
 */
export function recordStack(
  settings: MachineSettings,
  input: StackInput,
  layers: Iterable<StackLayer>,
  known = new Map<string, Block>(),
): RecordedStack {
  const blocks: Block[] = [];
  const { part, offload, stopsEarly } = input;
  const { keepsOutputs = false } = input;
  let { elements, dtype, needsGrad, isLeaf } = input;
  let hostBytes = 0;
  for (const layer of layers) {
    const { key, checkpoint, held, heldByModel = false, code } = layer;
    const name =
      `${key} ${elements} ${needsGrad} ${isLeaf} ${dtype} ${checkpoint} ${held} ${heldByModel}`;
    let block = known.get(name);
    if (!block) {
      const { run, finish, ...ends } = code();
      block = recordLayer(
        settings,
        {
          elements,
          dtype,
          needsGrad,
          checkpoint,
          part,
          offload,
          isLeaf,
          holdsLeaf: input.holdsLeaf === true,
          held,
          heldByModel,
          stopsEarly,
          keepsOutputs,
        },
        run,
        ends,
      );
      if (finish) block = finish(block);
      known.set(name, block);
    }
    blocks.push(block);
    hostBytes += block.hostBytes ?? 0;
    if (checkpoint && (offload || settings.offload)) {
      hostBytes += elements * DTYPE_BYTES[dtype];
    }
    needsGrad = block.ports.gradOut !== null;
    isLeaf = false;
    dtype = block.outputDtype;
    elements = block.outputElements ?? elements;
  }
  return { blocks, dtype, needsGrad, elements, hostBytes };
}
