import type { Act } from "../../play/program/act.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { When } from "./common.ts";
import { exchange, free, take, tensor } from "./common.ts";
import type { GatherEvent } from "./coordinator.ts";

/** How parameters are gathered. */
export interface Gathering {
  /** Ranks that parameters are partitioned over. */
  readonly ranks: number;
  /** Micro-batches of a step that the pass stands for. */
  readonly times: number;
  /** Whether gathers and reductions run beside what computes. */
  readonly overlaps: boolean;
}

/** Buffers of gathered parameters; like layers share them. */
export class Gathered {
  readonly #parameters: readonly Parameter[];
  readonly #ranks: number;
  readonly #times: number;
  readonly #stream: string | undefined;
  readonly #whole = new Map<Parameter, Buffer>();
  readonly #groups = new Map<string, Buffer>();

  constructor(
    parameters: readonly Parameter[],
    { ranks, times, overlaps }: Gathering,
  ) {
    this.#parameters = parameters;
    this.#ranks = ranks;
    this.#times = times;
    this.#stream = overlaps ? "gathering" : undefined;
  }

  whole(place: number): Buffer {
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

  /** What ranks send to gather parameters at once. */
  exchanged(
    places: readonly number[],
    { what, times }: { what: string; times: number },
    when: When,
  ): Act[] {
    return [...this.#elements(places)].map(([dtype, elements]) =>
      exchange("all-gather", what, { elements, dtype, times }, when)
    );
  }

  /** One flat tensor for each type. */
  group(places: readonly number[]): Buffer {
    const elements = this.#elements(places);
    const key = [...elements].flat().join(" ");
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

  actsOf(event: GatherEvent, when: When): Act[] {
    const gathered = (places: readonly number[]) =>
      this.exchanged(
        places,
        { what: "parameters", times: this.#times },
        when,
      );
    switch (event.kind) {
      case "gather":
        return [
          take(this.whole(event.parameter), when),
          ...gathered([event.parameter]),
        ];
      case "whole":
        return [take(this.whole(event.parameter), when)];
      case "release":
        return [free(this.whole(event.parameter), when)];
      case "group":
        return [
          take(this.group(event.parameters), when),
          ...gathered(event.parameters),
        ];
      case "drop":
        return [free(this.group(event.parameters), when)];
    }
  }
}

const PART = "gathered parameters";
