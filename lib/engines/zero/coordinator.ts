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

/** Is told what a gather does to memory. */
export interface GatherWitness {
  /** Several parameters are gathered at once, to a buffer... */
  group(parameters: readonly number[]): void;
  /** ...that stands until each was waited for. */
  drop(parameters: readonly number[]): void;
  /** A parameter is gathered by itself... */
  gather(parameter: number): void;
  /** ...is whole once its group was... */
  whole(parameter: number): void;
  /** ...is used... */
  used(parameter: number): void;
  /** ...or goes. */
  release(parameter: number): void;
}

interface Flight {
  readonly parameters: readonly number[];
  /** How many of them were not waited for yet. */
  left: number;
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
  readonly #witness: GatherWitness;
  /**
   * Elements that a search for the next use has come by before each: of modules'
   * own parameters, which blocks have none of...
   */
  readonly #traversed: readonly number[];
  /** ...or, where a block is released, of all that modules have within. */
  readonly #within: readonly number[];
  /** Each parameter's uses, in order. */
  readonly #usesOf: readonly number[][];
  /** What the prefetcher has before it: parameters... */
  readonly #queue: number[] = [];
  /** ...and the uses that they are for. */
  readonly #queuedFor: number[] = [];
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
    witness: GatherWitness,
  ) {
    this.#uses = uses;
    this.#elements = elements;
    this.#persists = persists;
    this.#settings = settings;
    this.#witness = witness;
    const usesOf = elements.map((): number[] => []);
    const traversed = [0];
    const within = [0];
    for (const [at, { parameters, isBlock }] of uses.entries()) {
      let sum = 0;
      for (const parameter of parameters) {
        usesOf[parameter]?.push(at);
        sum += elements[parameter] ?? 0;
      }
      const queued = parameters.length > 1
        ? parameters.toSorted((a, b) => a - b)
        : parameters;
      for (const parameter of queued) {
        this.#queue.push(parameter);
        this.#queuedFor.push(at);
      }
      traversed.push((traversed[at] ?? 0) + (isBlock ? 0 : sum));
      // The layer around a module counts it once more.
      within.push((within[at] ?? 0) + 2 * sum);
    }
    this.#traversed = traversed;
    this.#within = within;
    this.#usesOf = usesOf;
    this.#fetchedFor = elements.map(() => -1);
    this.#isWhole = [...persists];
    this.#flights = elements.map(() => undefined);
  }

  /** The next module is about to run. */
  fetch(): void {
    const { parameters } = this.#uses[this.#step] as ParameterUse;
    this.#gather(parameters.filter((each) => this.#isAway(each)));
    let fetched = 0;
    for (const parameter of parameters) {
      this.#wait(parameter);
      this.#witness.used(parameter);
      if ((this.#fetchedFor[parameter] ?? 0) < this.#step) fetched++;
    }
    this.#discard(fetched);
    this.#gather(this.#ahead());
    this.#step++;
  }

  /** A module has run: those of its parameters go that are not used again soon. */
  release(use: number): void {
    const { parameters, isBlock } = this.#uses[use] as ParameterUse;
    const traversed = isBlock ? this.#within : this.#traversed;
    for (const parameter of parameters) {
      if (this.#persists[parameter] || !this.#isWhole[parameter]) continue;
      if ((this.#fetchedFor[parameter] ?? 0) > this.#step) continue;
      const again = this.#usesOf[parameter]?.find((at) => at >= this.#step);
      const from = traversed[this.#step] ?? 0;
      if (
        again !== undefined &&
        (traversed[again] ?? 0) - from < this.#settings.maxReuse
      ) continue;
      this.#isWhole[parameter] = false;
      this.#available -= this.#elements[parameter] ?? 0;
      this.#witness.release(parameter);
    }
  }

  /** The step is over: all that is gathered goes. */
  end(): void {
    for (const parameter of this.#elements.keys()) {
      this.#wait(parameter);
      if (this.#persists[parameter] || !this.#isWhole[parameter]) continue;
      this.#isWhole[parameter] = false;
      this.#witness.release(parameter);
    }
  }

  /** So many parameters have been fetched, and are no longer to be prefetched. */
  #discard(fetched: number): void {
    const discarded: number[] = [];
    while (this.#next < this.#queue.length && discarded.length < fetched) {
      const parameter = this.#queue[this.#next] as number;
      this.#fetchedFor[parameter] = this.#queuedFor[this.#next] as number;
      this.#next++;
      if (!discarded.includes(parameter)) discarded.push(parameter);
    }
  }

  /** What is gathered before it is needed. */
  #ahead(): number[] {
    const { prefetch, maxLive } = this.#settings;
    if (prefetch === 0) return [];
    const most = Math.min(maxLive - this.#available, prefetch);
    const ahead: number[] = [];
    const known = new Set<number>();
    let elements = 0;
    while (this.#next < this.#queue.length && elements < most) {
      const parameter = this.#queue[this.#next] as number;
      const use = this.#queuedFor[this.#next] as number;
      this.#next++;
      const before = this.#fetchedFor[parameter] ?? 0;
      this.#fetchedFor[parameter] = Math.max(before, use);
      if (!this.#isAway(parameter) || known.has(parameter)) continue;
      ahead.push(parameter);
      known.add(parameter);
      elements += this.#elements[parameter] ?? 0;
    }
    return ahead;
  }

  #isAway(parameter: number): boolean {
    return !this.#isWhole[parameter] && this.#flights[parameter] === undefined;
  }

  #gather(parameters: readonly number[]): void {
    const [one] = parameters;
    if (one === undefined) return;
    const left = parameters.length;
    const flight: Flight = { parameters, left, isWhole: false };
    for (const parameter of parameters) {
      this.#flights[parameter] = flight;
      this.#available += this.#elements[parameter] ?? 0;
    }
    if (left === 1) this.#witness.gather(one);
    else this.#witness.group(parameters);
  }

  #wait(parameter: number): void {
    const flight = this.#flights[parameter];
    if (!flight) return;
    const { parameters } = flight;
    if (!flight.isWhole) {
      for (const each of parameters) {
        if (parameters.length > 1) this.#witness.whole(each);
        this.#isWhole[each] = true;
      }
    }
    flight.isWhole = true;
    this.#flights[parameter] = undefined;
    flight.left--;
    if (flight.left === 0 && parameters.length > 1) {
      this.#witness.drop(parameters);
    }
  }
}
