/** A module that is run, forward or backward, in the order of a step. */
export interface ParameterUse {
  /** Its parameters, by their places in the list of all. */
  readonly parameters: readonly number[];
  /** Whether it is a block of modules that is gathered whole. */
  readonly isBlock: boolean;
}

/** How parameters are gathered. */
export interface GatherSettings {
  readonly prefetch: number;
  readonly maxLive: number;
  readonly maxReuse: number;
}

/** What a gather does to memory. */
export type GatherEvent =
  /** Of several parameters at once, a buffer stands until each was waited for. */
  | { readonly kind: "group" | "drop"; readonly parameters: readonly number[] }
  /** A parameter is gathered by itself, is whole once its group was, or goes. */
  | {
    readonly kind: "gather" | "whole" | "release";
    readonly parameter: number;
  };

interface Flight {
  readonly parameters: readonly number[];
  readonly left: Set<number>;
  isWhole: boolean;
}

/**
 * Which parameters ZeRO-3 gathers and releases around each module, once it has seen
 * a step.
 *
 * Source: deepspeed/runtime/zero/partitioned_param_coordinator.py,
 * _fetch_sub_module_impl, release_sub_module, __params_to_release;
 * partition_parameters.py, AllGatherCoalescedHandle.wait
 */
export class Coordinator {
  readonly #uses: readonly ParameterUse[];
  readonly #elements: readonly number[];
  readonly #persists: readonly boolean[];
  readonly #settings: GatherSettings;
  /**
   * Elements that a search for the next use has come by before each: of modules'
   * own parameters, which blocks have none of...
   */
  readonly #traversed: readonly number[];
  /** ...or, where a block is released, of all that modules have within. */
  readonly #within: readonly number[];
  /** Each parameter's uses, in order. */
  readonly #usesOf: readonly number[][];
  /** What the prefetcher has before it: parameters and the use they are for. */
  readonly #queue: readonly (readonly [parameter: number, use: number])[];
  #next = 0;
  #step = 0;
  #available = 0;
  readonly #fetchedFor: number[];
  readonly #isWhole: boolean[];
  readonly #flights: (Flight | undefined)[];

  constructor(
    uses: readonly ParameterUse[],
    elements: readonly number[],
    persists: readonly boolean[],
    settings: GatherSettings,
  ) {
    this.#uses = uses;
    this.#elements = elements;
    this.#persists = persists;
    this.#settings = settings;
    const usesOf = elements.map((): number[] => []);
    const traversed = [0];
    const within = [0];
    for (const [at, { parameters, isBlock }] of uses.entries()) {
      let sum = 0;
      for (const parameter of parameters) {
        usesOf[parameter]?.push(at);
        sum += elements[parameter] ?? 0;
      }
      traversed.push((traversed[at] ?? 0) + (isBlock ? 0 : sum));
      // The layer around a module counts it once more.
      within.push((within[at] ?? 0) + 2 * sum);
    }
    this.#traversed = traversed;
    this.#within = within;
    this.#usesOf = usesOf;
    this.#queue = uses.flatMap(({ parameters }, at) =>
      parameters.toSorted((a, b) => a - b).map((each) => [each, at] as const)
    );
    this.#fetchedFor = elements.map(() => -1);
    this.#isWhole = [...persists];
    this.#flights = elements.map(() => undefined);
  }

  /** The next module is about to run. */
  fetch(): GatherEvent[] {
    const { parameters } = this.#uses[this.#step] as ParameterUse;
    const events = this.#gather(
      parameters.filter((each) => this.#isAway(each)),
    );
    for (const parameter of parameters) events.push(...this.#wait(parameter));
    const fetched =
      parameters.filter((each) => (this.#fetchedFor[each] ?? 0) < this.#step)
        .length;
    const discarded = new Set<number>();
    while (this.#next < this.#queue.length && discarded.size < fetched) {
      const [parameter, use] = this.#pop();
      this.#fetchedFor[parameter] = use;
      discarded.add(parameter);
    }
    events.push(...this.#gather(this.#ahead()));
    this.#step++;
    return events;
  }

  /** A module has run: those of its parameters go that are not used again soon. */
  release(use: number): GatherEvent[] {
    const { parameters, isBlock } = this.#uses[use] as ParameterUse;
    const traversed = isBlock ? this.#within : this.#traversed;
    return parameters.flatMap((parameter): GatherEvent[] => {
      if (this.#persists[parameter] || !this.#isWhole[parameter]) return [];
      if ((this.#fetchedFor[parameter] ?? 0) > this.#step) return [];
      const again = this.#usesOf[parameter]?.find((at) => at >= this.#step);
      const from = traversed[this.#step] ?? 0;
      if (
        again !== undefined &&
        (traversed[again] ?? 0) - from < this.#settings.maxReuse
      ) return [];
      this.#isWhole[parameter] = false;
      this.#available -= this.#elements[parameter] ?? 0;
      return [{ kind: "release", parameter }];
    });
  }

  /** The step is over: all that is gathered goes. */
  end(): GatherEvent[] {
    return this.#elements.flatMap((_, parameter): GatherEvent[] => {
      const waited = this.#wait(parameter);
      if (this.#persists[parameter] || !this.#isWhole[parameter]) return waited;
      this.#isWhole[parameter] = false;
      return [...waited, { kind: "release", parameter }];
    });
  }

  /** What is gathered before it is needed. */
  #ahead(): number[] {
    const { prefetch, maxLive } = this.#settings;
    if (prefetch === 0) return [];
    const most = Math.min(maxLive - this.#available, prefetch);
    const ahead = new Set<number>();
    let elements = 0;
    while (this.#next < this.#queue.length && elements < most) {
      const [parameter, use] = this.#pop();
      this.#fetchedFor[parameter] = Math.max(
        this.#fetchedFor[parameter] ?? 0,
        use,
      );
      if (!this.#isAway(parameter) || ahead.has(parameter)) continue;
      ahead.add(parameter);
      elements += this.#elements[parameter] ?? 0;
    }
    return [...ahead];
  }

  #pop(): readonly [number, number] {
    return this.#queue[this.#next++] as readonly [number, number];
  }

  #isAway(parameter: number): boolean {
    return !this.#isWhole[parameter] && this.#flights[parameter] === undefined;
  }

  #gather(parameters: readonly number[]): GatherEvent[] {
    if (parameters.length === 0) return [];
    const flight: Flight = {
      parameters,
      left: new Set(parameters),
      isWhole: false,
    };
    for (const parameter of parameters) {
      this.#flights[parameter] = flight;
      this.#available += this.#elements[parameter] ?? 0;
    }
    return parameters.length === 1
      ? [{ kind: "gather", parameter: parameters[0] as number }]
      : [{ kind: "group", parameters }];
  }

  #wait(parameter: number): GatherEvent[] {
    const flight = this.#flights[parameter];
    if (!flight) return [];
    const events: GatherEvent[] = [];
    if (!flight.isWhole && flight.parameters.length > 1) {
      for (const each of flight.parameters) {
        events.push({ kind: "whole", parameter: each });
      }
    }
    if (!flight.isWhole) {
      for (const each of flight.parameters) this.#isWhole[each] = true;
    }
    flight.isWhole = true;
    this.#flights[parameter] = undefined;
    flight.left.delete(parameter);
    if (flight.left.size === 0 && flight.parameters.length > 1) {
      events.push({ kind: "drop", parameters: flight.parameters });
    }
    return events;
  }
}
