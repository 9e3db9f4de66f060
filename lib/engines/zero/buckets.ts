import type { Act, Run } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { When } from "./common.ts";
import { exchange, free, take, tensor, transient } from "./common.ts";
import type { Partition } from "./parameters.ts";
import type { Slice } from "./slices.ts";
import { longestRun, slicesOf } from "./slices.ts";

/** How a rank's gradients are reduced. */
export interface BucketSettings {
  /** Elements that are reduced at a time. */
  readonly limit: number;
  readonly overlaps: boolean;
  readonly contiguous: boolean;
  /** Whether gradients of other ranks' parameters go once they are reduced. */
  readonly partitions: boolean;
  /** Whether the rank's own gradients go to the host as they are reduced. */
  readonly offloads: boolean;
  readonly dtype: Dtype;
  /** The type that gradients are reduced in... */
  readonly reduces: Dtype;
  /** ...and that the rank's own accumulate in. */
  readonly accumulates: Dtype;
  readonly own: Partition;
  /** Elements of all gradients. */
  readonly total: number;
}

/**
 * The buckets of one backward pass of ZeRO 1 and 2. Gradients come from the end of
 * the flat buffer to its start.
 *
 * Source: deepspeed/runtime/zero/stage_1_and_2.py, setup_buckets,
 * reduce_independent_p_g_buckets_and_remove_grads, average_tensor,
 * copy_grads_in_partition
 */
export class Buckets {
  readonly #settings: BucketSettings;
  readonly #buffers: readonly Buffer[];
  readonly #kept: Buffer;
  readonly #gradients: Gradients;
  /** Where the last gradient begins in the flat buffer. */
  #low: number;
  /** Where the bucket's content ends. */
  #high: number;
  #members: Parameter[] = [];
  /** Gradients that stand as tensors of their own. */
  #standing: Parameter[] = [];
  #keeps = false;
  readonly #times: number;
  /** Whether the rank's own gradients accumulate in a flat tensor of their own. */
  readonly #isFlat: boolean;

  /**
   * @param times Micro-batches of a step that the pass stands for.
   * @param keeps Whether the rank's own gradients stand already.
   */
  constructor(
    settings: BucketSettings,
    gradients: Gradients,
    times: number,
    keeps: boolean,
  ) {
    this.#settings = settings;
    this.#times = times;
    this.#keeps = keeps;
    this.#isFlat = settings.accumulates !== settings.dtype;
    this.#gradients = gradients;
    const { contiguous, overlaps, limit, dtype, own, total } = settings;
    const bucket = tensor(
      BUFFERS,
      "buckets of gradients",
      limit,
      dtype,
    );
    this.#buffers = contiguous ? (overlaps ? [bucket, bucket] : [bucket]) : [];
    this.#kept = tensor(
      "gradients",
      "gradients of the rank's partition",
      this.#isFlat
        ? own.size
        : contiguous || settings.partitions
        ? own.touched
        : total,
      settings.accumulates,
    );
    this.#low = this.#high = total;
  }

  /** The rank's own gradients, which stand from the backward pass to the step. */
  get kept(): Buffer {
    return this.#kept;
  }

  /** The buckets are made with the first gradient. */
  begin(when: When): Act[] {
    return this.#buffers.map((buffer) => take(buffer, when));
  }

  /** A gradient has come. */
  add(parameter: Parameter, when: When): Act[] {
    const { limit, contiguous } = this.#settings;
    const acts: Act[] = [];
    const { elements } = parameter;
    if (this.#high - this.#low + elements > limit) {
      acts.push(...this.reduce(when));
    }
    this.#low -= elements;
    this.#members.push(parameter);
    if (!contiguous || elements > limit) {
      this.#standing.push(parameter);
      acts.push(take(this.#gradients.of(parameter), when));
    }
    return acts;
  }

  /** What the bucket holds is reduced. */
  reduce(when: When): Act[] {
    const { overlaps, offloads, dtype, reduces, own } = this.#settings;
    if (this.#members.length === 0) return [];
    const slices = slicesOf(
      this.#members,
      this.#low,
      own.size,
      this.#isFlat ? own.rank : null,
    );
    const mine = Math.max(
      0,
      ...slices.filter(({ rank }) => rank === own.rank)
        .map(({ elements }) => elements),
    );
    const stream = overlaps ? "reducing" : undefined;
    const acts: Act[] = [
      ...(this.#isFlat && mine > 0 ? this.#keep(when) : []),
      // Whole buckets are all-reduced: use_multi_rank_bucket_allreduce.
      exchange("all-reduce", "gradients", {
        elements: this.#high - this.#low,
        dtype: reduces,
        times: this.#times,
      }, when),
      ...transient([
        // Overlap reduces on a stream of its own.
        tensor(BUFFERS, COPY, this.#copied(slices, 2), dtype, stream),
        tensor(
          BUFFERS,
          CAST,
          reduces === dtype ? 0 : this.#copied(slices, 1),
          reduces,
          stream,
        ),
        tensor(
          BUFFERS,
          ADDED,
          this.#isFlat ? mine : 0,
          this.#settings.accumulates,
          stream,
        ),
      ], when),
    ];
    if (mine > 0 && offloads) {
      const slice = Math.min(mine, Math.max(...own.parts));
      acts.push(
        ...transient([tensor(TEMPORARY, NORM, slice, "fp64")], when),
        ...transient(
          [tensor(TEMPORARY, FLAT, this.#isFlat ? 0 : slice, "fp32")],
          when,
        ),
      );
    }
    acts.push(...this.#reduced(mine, when));
    this.#high = this.#low;
    this.#members = [];
    return acts;
  }

  /** Which gradients go, and which are kept, once they are reduced. */
  #reduced(mine: number, when: When): Act[] {
    const { contiguous, overlaps, partitions, offloads } = this.#settings;
    if (contiguous) {
      return [
        ...(mine > 0 && !offloads ? this.#keep(when) : []),
        ...this.#freeStanding(when),
      ];
    }
    if (!partitions || overlaps) return [];
    // Its own stand on, as what is kept.
    return [
      ...(mine > 0 ? this.#keep(when) : []),
      ...this.#freeStanding(when),
    ];
  }

  /** The rank's own gradients stand from now on. */
  #keep(when: When): Act[] {
    if (this.#keeps) return [];
    this.#keeps = true;
    return [take(this.#kept, when)];
  }

  /** The backward pass is over. */
  end(when: When): Act[] {
    const { contiguous, offloads } = this.#settings;
    const acts = this.reduce(when);
    acts.push(...this.#buffers.map((buffer) => free(buffer, when)));
    if (!contiguous && !offloads) acts.push(...this.#keep(when));
    return [...acts, ...this.#freeStanding(when)];
  }

  #freeStanding(when: When): Act[] {
    const acts = this.#standing.map((parameter) =>
      free(this.#gradients.of(parameter), when)
    );
    this.#standing = [];
    return acts;
  }

  /**
   * Elements that are copied at once: slices of several ranks are made one tensor.
   *
   * @param least Slices that are copied at least, and not reduced where they lie.
   */
  #copied(slices: readonly Slice[], least: number): number {
    const { limit, contiguous } = this.#settings;
    if (contiguous) return longestRun(slices, limit, least);
    return this.#members.length >= least ? this.#high - this.#low : 0;
  }
}

const BUFFERS = "communication buffers";
const COPY = "gradients as they are reduced";
const CAST = "gradients in the type that they are reduced in";
const ADDED = "own gradients in the type that they accumulate in";
const TEMPORARY = "optimizer temporaries";
const NORM = "gradients in fp64, for their norm";
const FLAT = "gradients in fp32";

/** Gradients that the engine holds, a buffer for all of one parameter. */
export class Gradients {
  readonly #dtype: Dtype;
  readonly #known = new Map<Parameter, Buffer>();

  constructor(dtype: Dtype) {
    this.#dtype = dtype;
  }

  of(parameter: Parameter): Buffer {
    const known = this.#known.get(parameter);
    if (known) return known;
    const { elements, name } = parameter;
    const buffer = tensor(
      "gradients",
      `gradient of ${name}`,
      elements,
      this.#dtype,
    );
    this.#known.set(parameter, buffer);
    return buffer;
  }
}

/** When a run is. */
export function whenOf({ phase, at }: Run): Pick<Run, "phase" | "at"> {
  return { phase, at };
}
