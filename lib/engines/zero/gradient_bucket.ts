import { roundedBytes } from "../../play/memory/tape.ts";
import type { Act } from "../../play/program/act.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import { Gradients } from "./buckets.ts";
import type { When } from "./common.ts";
import { exchange, free, take, tensor, transient } from "./common.ts";

/**
 * The bucket that gradients are copied to until it is full; what is larger waits as
 * it is for the next gradient.
 *
 * Source: deepspeed/runtime/zero/stage3.py, reduce_independent_p_g_buckets_and_
 * remove_grads, __avg_scatter_grads, partition_grads; runtime/comm/
 * coalesced_collectives.py, reduce_scatter_coalesced
 */
export class GradientBucket {
  readonly #limit: number;
  readonly #contiguous: boolean;
  readonly #dtype: Dtype;
  /** The type that gradients are reduced in. */
  readonly #reduces: Dtype;
  readonly #ranks: number;
  readonly #offloads: boolean;
  readonly #times: number;
  readonly #overlaps: boolean;
  readonly #gradients: Gradients;
  #members: Parameter[] = [];
  #standing: Parameter[] = [];
  #elements = 0;

  /** @param times Micro-batches of a step that the pass stands for. */
  constructor(
    limit: number,
    contiguous: boolean,
    { dtype, reduces }: { readonly dtype: Dtype; readonly reduces: Dtype },
    ranks: number,
    offloads: boolean,
    times: number,
    overlaps: boolean,
  ) {
    this.#limit = limit;
    this.#contiguous = contiguous;
    this.#dtype = dtype;
    this.#reduces = reduces;
    this.#ranks = ranks;
    this.#offloads = offloads;
    this.#times = times;
    this.#overlaps = overlaps;
    this.#gradients = new Gradients(dtype);
  }

  add(parameter: Parameter, when: When): Act[] {
    const { elements } = parameter;
    const acts = this.#elements + elements > this.#limit
      ? this.reduce(when)
      : [];
    if (!this.#contiguous || this.#elements + elements > this.#limit) {
      this.#standing.push(parameter);
      acts.push(take(this.#gradients.of(parameter), when));
    }
    this.#members.push(parameter);
    this.#elements += elements;
    return acts;
  }

  reduce(when: When): Act[] {
    if (this.#members.length === 0) return [];
    const parts = this.#members.map(({ elements }) =>
      Math.ceil(elements / this.#ranks)
    );
    const sum = parts.reduce((total, part) => total + part, 0);
    const copies = this.#members.length > 1 ||
      sum * this.#ranks !== this.#elements;
    const most = Math.max(...parts);
    const casts = this.#reduces !== this.#dtype;
    const stream = this.#overlaps ? "reducing" : undefined;
    const acts: Act[] = transient([
      // Those in the bucket were cast as they were copied to it.
      ...(casts
        ? this.#standing.map(({ elements }) =>
          tensor(
            "communication buffers",
            "gradient in the type that it is reduced in",
            elements,
            this.#reduces,
            stream,
          )
        )
        : []),
      tensor(
        "communication buffers",
        "gradients as they are reduced",
        copies ? sum * this.#ranks : 0,
        this.#reduces,
        stream,
      ),
      tensor(
        "gradients",
        "partitions of reduced gradients",
        casts ? sum : 0,
        this.#dtype,
        stream,
      ),
      ...(this.#offloads
        ? [
          bufferOf(
            "gradients on their way to the host",
            parts.map((part) => ({
              group: ON_THEIR_WAY,
              bytes: roundedBytes(part * DTYPE_BYTES[this.#dtype]),
            })),
          ),
          tensor(
            "optimizer temporaries",
            "gradients in fp64, for their norm",
            most,
            "fp64",
          ),
        ]
        : []),
    ], when);
    acts.push(
      exchange("reduce-scatter", "gradients", {
        elements: sum * this.#ranks,
        dtype: this.#reduces,
        times: this.#times,
      }, when),
      ...this.#standing.map((parameter) =>
        free(this.#gradients.of(parameter), when)
      ),
    );
    this.#members = [];
    this.#standing = [];
    this.#elements = 0;
    return acts;
  }
}

const ON_THEIR_WAY = {
  part: "gradients",
  label: "gradients on their way to the host",
  count: 1,
  elements: null,
} as const;
