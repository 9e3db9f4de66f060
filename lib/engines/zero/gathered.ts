import type { Act } from "../../play/program/act.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { When } from "./common.ts";
import { BACKWARD_END, exchange, free, take, tensor } from "./common.ts";
import type { GatherWitness } from "./coordinator.ts";

/** How parameters are gathered. */
export interface Gathering {
  /** Ranks that parameters are partitioned over. */
  readonly ranks: number;
  /** Micro-batches of a step that the pass stands for. */
  readonly times: number;
  /** Whether gathers and reductions run beside what computes. */
  readonly overlaps: boolean;
}

/**
 * Gathers parameters, and takes and frees the buffers that they are gathered to;
 * like layers share them.
 */
export class Gathered implements GatherWitness {
  when: When = BACKWARD_END;
  /** Whether autograd remembers the products of what is whole now. */
  saves = false;
  readonly #parameters: readonly Parameter[];
  readonly #packed: readonly boolean[];
  /** Places of packed weights whose products are remembered... */
  readonly #saved = new Set<number>();
  /** ...and those of them that are to be released. */
  readonly #standing: number[] = [];
  readonly #ranks: number;
  readonly #times: number;
  readonly #stream: string | undefined;
  readonly #whole = new Map<Parameter, Buffer>();
  readonly #groups = new Map<string, Buffer>();
  #acts: Act[] = [];

  /** @param packed Which of the parameters are packed. */
  constructor(
    parameters: readonly Parameter[],
    packed: readonly boolean[],
    { ranks, times, overlaps }: Gathering,
  ) {
    this.#parameters = parameters;
    this.#packed = packed;
    this.#ranks = ranks;
    this.#times = times;
    this.#stream = overlaps ? "gathering" : undefined;
  }

  /** What was done since it was asked last. */
  made(): readonly Act[] {
    const acts = this.#acts;
    if (acts.length > 0) this.#acts = [];
    return acts;
  }

  gather(place: number): void {
    this.whole(place);
    this.#exchange(this.#elements([place]));
  }

  whole(place: number): void {
    this.#acts.push(take(this.bufferOf(place), this.when));
  }

  /** A module that has a parameter runs. */
  used(place: number): void {
    if (this.saves && this.#packed[place]) this.#saved.add(place);
  }

  /**
   * A product of packed weights keeps a view of the whole matrix as an attribute of
   * its context, which neither a checkpoint's hooks nor the end of its backward
   * frees: it stands until the loss is dropped.
   *
   * Source: bitsandbytes autograd/_functions.py, MatMul4Bit, ctx.tensors
   */
  release(place: number): void {
    if (this.#saved.delete(place)) this.#standing.push(place);
    else this.#acts.push(free(this.bufferOf(place), this.when));
  }

  /** The loss is dropped. */
  dropSaved(): void {
    for (const place of this.#standing.splice(0)) this.release(place);
  }

  group(places: readonly number[]): void {
    const elements = this.#elements(places);
    this.#acts.push(take(this.#flat(elements), this.when));
    this.#exchange(elements);
  }

  drop(places: readonly number[]): void {
    this.#acts.push(free(this.#flat(this.#elements(places)), this.when));
  }

  /** Of a whole parameter. */
  bufferOf(place: number): Buffer {
    const parameter = this.#parameters[place] as Parameter;
    const known = this.#whole.get(parameter);
    if (known) return known;
    const { elements, dtype } = parameter;
    const label = `whole ${parameter.name}`;
    const made = tensor(PART, label, elements, dtype, this.#stream);
    this.#whole.set(parameter, made);
    return made;
  }

  /** Elements of each type, with those that partitions are padded by. */
  #elements(places: readonly number[]): Map<Dtype, number> {
    const elements = new Map<Dtype, number>();
    for (const place of places) {
      const { dtype, elements: own } = this.#parameters[place] as Parameter;
      const padded = this.#ranks * Math.ceil(own / this.#ranks);
      elements.set(dtype, (elements.get(dtype) ?? 0) + padded);
    }
    return elements;
  }

  /** What ranks send to gather parameters at once that the optimizer has stepped. */
  exchanged(places: readonly number[], what: string, when: When): Act[] {
    return [...this.#elements(places)].map(([dtype, elements]) =>
      exchange("all-gather", what, { elements, dtype }, when)
    );
  }

  #exchange(gathered: ReadonlyMap<Dtype, number>): void {
    const times = this.#times;
    for (const [dtype, elements] of gathered) {
      const sent = { elements, dtype, times };
      this.#acts.push(exchange("all-gather", "parameters", sent, this.when));
    }
  }

  /** One flat tensor for each type. */
  #flat(elements: ReadonlyMap<Dtype, number>): Buffer {
    let key = "";
    for (const [dtype, each] of elements) key += `${dtype} ${each} `;
    const known = this.#groups.get(key);
    if (known) return known;
    const label = "parameters gathered at once";
    const made = bufferOf(
      label,
      [...elements].map(([dtype, each]) => ({
        group: { part: PART, label, count: 1, elements: each },
        bytes: roundedBytes(each * DTYPE_BYTES[dtype]),
      })),
      1,
      this.#stream,
    );
    this.#groups.set(key, made);
    return made;
  }
}

const PART = "gathered parameters";
