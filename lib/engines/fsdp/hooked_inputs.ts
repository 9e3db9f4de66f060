import type { StorageId } from "../../play/memory/tape.ts";
import type { Block } from "../../play/record/block.ts";
import type { Buffer, Group } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import type { PassUnit, Unit } from "../units.ts";
import type { Timeline } from "./timeline.ts";

/**
 * Inputs of frozen layers, and their gradients, that FSDP's hooks hold until the
 * backward pass ends.
 *
 * A frozen unit is resharded by a hook on its input. Within a reentrant checkpoint
 * that input is a leaf: the hook refers to the node that accumulates its gradient,
 * the node to the leaf, the leaf to the hook and to its gradient. Nothing of that is
 * freed before FSDP takes the hook away, at the end of the whole backward pass.
 *
 * Sources: pytorch torch/distributed/fsdp/_runtime_utils.py,
 * _register_post_backward_reshard_only_hook, _finalize_params;
 * torch/autograd/graph.py, register_multi_grad_hook; torch/utils/checkpoint.py,
 * CheckpointFunction.backward
 */
export class HookedInputs {
  readonly #line: Timeline;
  readonly #reenters: boolean;
  readonly #known = new Map<Unit, Buffer>();
  readonly #held: Buffer[] = [];
  /** Whether the unit above had a hook, which holds this one's output gradient. */
  #above = false;

  /** @param reenters Whether layers are reentrant checkpoints. */
  constructor(line: Timeline, reenters: boolean) {
    this.#line = line;
    this.#reenters = reenters;
  }

  /** A frozen unit has run backwards: what its run has freed is held. */
  keep({ unit, enter: { block } }: PassUnit): void {
    if (!this.#reenters || unit.place !== "layer") return;
    const { ports } = block;
    if (ports.gradIn === null) return;
    const buffer = this.#buffer(unit, block, this.#above);
    this.#above = true;
    this.#held.push(buffer);
    this.#line.take(buffer);
  }

  /** The hooks are gone. */
  drop(): void {
    for (const buffer of this.#held.splice(0)) this.#line.free(buffer);
    this.#above = false;
  }

  #buffer(unit: Unit, block: Block, hasGradient: boolean): Buffer {
    const known = this.#known.get(unit);
    if (known) return known;
    const { ports, forward: { tape } } = block;
    const sizeOf = (id: StorageId | null) =>
      id === null ? 0 : tape.bytes[id] ?? 0;
    const made = bufferOf(unit.name, [
      { group: INPUTS, bytes: sizeOf(ports.in) },
      { group: GRADIENTS, bytes: hasGradient ? sizeOf(ports.gradOut) : 0 },
    ]);
    this.#known.set(unit, made);
    return made;
  }
}

const INPUTS: Group = {
  part: "checkpoints",
  label: "inputs of layers that FSDP's hooks hold",
  count: 1,
  elements: null,
};

const GRADIENTS: Group = {
  part: "activation gradients",
  label: "gradients of layers' inputs that FSDP's hooks hold",
  count: 1,
  elements: null,
};
