import type { Act, Run } from "../../play/program/act.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import type { PassActs } from "../../play/program/pass.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { Cut, Cutter } from "../cuts.ts";
import { whenOf } from "./buckets.ts";
import type { When } from "./common.ts";
import { BACKWARD_END, free, take, tensor } from "./common.ts";
import type {
  GatherSettings,
  GatherWitness,
  ParameterUse,
} from "./coordinator.ts";
import { Coordinator } from "./coordinator.ts";
import type { UseOrder, UsePlan } from "./use_orders.ts";
import { UseOrders } from "./use_orders.ts";

/** What a pass gathers, run by run. */
export interface Gathers {
  readonly cuts: ReadonlyMap<Run, readonly Cut[]>;
  /** What goes when the step is over. */
  readonly end: readonly Act[];
  /** Parameters that stay whole once they are. */
  readonly persistent: readonly Buffer[];
}

/** How ZeRO-3 gathers. */
export interface GatherPlan extends GatherSettings, UsePlan {
  /** Parameters of at most so many elements stay whole. */
  readonly persistence: number;
  /** Ranks that parameters are partitioned over. */
  readonly ranks: number;
  /** Whether gathers and reductions run beside what computes. */
  readonly overlaps: boolean;
}

/**
 * What a pass gathers and releases around each module.
 *
 * Source: deepspeed/runtime/zero/parameter_offload.py,
 * _register_deepspeed_module, mark_persistent_parameters
 */
export function gathersOf(
  { acts }: PassActs,
  plan: GatherPlan,
  cutter: Cutter,
): Gathers {
  const parameters: Parameter[] = [];
  const places = new Map<unknown, Map<Parameter, number>>();
  /** Layers that are alike share Parameter objects; what stands outside of them is one. */
  const placeOf = ({ instance }: Run, parameter: Parameter): number => {
    const owner = typeof instance.at === "number" ? instance : null;
    const own = places.get(owner) ?? new Map<Parameter, number>();
    places.set(owner, own);
    const known = own.get(parameter);
    if (known !== undefined) return known;
    own.set(parameter, parameters.length);
    return parameters.push(parameter) - 1;
  };
  const uses: ParameterUse[] = [];
  const hooks = new Map<Run, RunHooks>();
  const orders = new UseOrders(cutter, plan);
  for (const run of acts) {
    const order = orders.of(run);
    hooks.set(run, { order, from: uses.length });
    for (const module of order.uses) {
      uses.push({
        parameters: module.parameters.map((each) => placeOf(run, each)),
        isBlock: module.isBlock,
      });
    }
  }
  const persists = parameters.map(({ elements }) =>
    elements <= plan.persistence
  );
  const buffers = new Gathered(parameters, plan);
  const coordinator = new Coordinator(
    uses,
    parameters.map(({ elements }) => elements),
    persists,
    plan,
    buffers,
  );
  const cuts = new Map<Run, Cut[]>();
  for (const [run, { order, from }] of hooks) {
    const own: Cut[] = [];
    buffers.when = whenOf(run);
    for (const { at, use, fetches } of order.hooks) {
      if (fetches) coordinator.fetch();
      else coordinator.release(from + use);
      const made = buffers.made();
      if (made.length > 0) own.push({ at, acts: made });
    }
    cuts.set(run, own.sort((a, b) => a.at - b.at));
  }
  buffers.when = BACKWARD_END;
  coordinator.end();
  return {
    cuts,
    end: buffers.made(),
    persistent: parameters.flatMap((_, at) =>
      persists[at] ? [buffers.bufferOf(at)] : []
    ),
  };
}

/** What a run fetches and releases, and its first use's place among all. */
interface RunHooks {
  readonly order: UseOrder;
  readonly from: number;
}

/** Takes and frees buffers of gathered parameters; like layers share them. */
class Gathered implements GatherWitness {
  when: When = BACKWARD_END;
  readonly #parameters: readonly Parameter[];
  readonly #ranks: number;
  readonly #stream: string | undefined;
  readonly #whole = new Map<Parameter, Buffer>();
  readonly #groups = new Map<string, Buffer>();
  #acts: Act[] = [];

  /** @param overlaps Whether they are gathered on a stream of their own. */
  constructor(
    parameters: readonly Parameter[],
    { ranks, overlaps }: GatherPlan,
  ) {
    this.#parameters = parameters;
    this.#ranks = ranks;
    this.#stream = overlaps ? "gathering" : undefined;
  }

  /** What was done since it was asked last. */
  made(): readonly Act[] {
    const acts = this.#acts;
    if (acts.length > 0) this.#acts = [];
    return acts;
  }

  whole(place: number): void {
    this.#acts.push(take(this.bufferOf(place), this.when));
  }

  release(place: number): void {
    this.#acts.push(free(this.bufferOf(place), this.when));
  }

  group(places: readonly number[]): void {
    this.#acts.push(take(this.#flat(places), this.when));
  }

  drop(places: readonly number[]): void {
    this.#acts.push(free(this.#flat(places), this.when));
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

  /** One flat tensor for each type. */
  #flat(places: readonly number[]): Buffer {
    const elements = new Map<Dtype, number>();
    for (const place of places) {
      const { dtype, elements: own } = this.#parameters[place] as Parameter;
      const padded = this.#ranks * Math.ceil(own / this.#ranks);
      elements.set(dtype, (elements.get(dtype) ?? 0) + padded);
    }
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
