import type { AdvisedSet } from "../../answer/advice.ts";
import type { Estimate } from "../../answer/estimate.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { fieldAt } from "../../scenario/field_list.ts";
import { groupDigits } from "../../units/mod.ts";
import { overGpus } from "../over_gpus.ts";
import { withSet } from "../with_set.ts";
import { FEWEST } from "./fields.ts";
import type { Probe } from "./probe.ts";
import { probeOfEstimate } from "./probe.ts";

/** A scenario of which a search asks what its GPU would hold. */
export interface Asked {
  scenario: Scenario;
  /** Whether a probe is enough; else it is to be a whole estimate. */
  quick: boolean;
}

/** A probe, or a whole estimate where that alone tells. */
export type Told = { probe: Probe } | { estimate: Result<Estimate> };

/** Allocations and frees of a step of which some 60 are played in a second. */
const MAX_SEARCHED_EVENTS = 150_000;

/** A step is too long for some 60 of its kind to be played. */
export class TooLong extends RangeError {
  override name = "TooLong";

  /** @param events Allocations and frees of the step. */
  constructor(field: string, events: number) {
    super(
      `${field} is searched where a step has at most ${
        groupDigits(MAX_SEARCHED_EVENTS)
      } allocations and frees: current value is ${
        groupDigits(events)
      }; estimate single values instead`,
    );
  }
}

/** What is known of a field's values so far. */
export class SearchedValues {
  readonly #scenario: Scenario;
  readonly #field: string;
  readonly #probes = new Map<number, Probe | null>();
  #latest: Probe | null = null;
  readonly #estimates = new Map<number, Result<Estimate>>();

  constructor(scenario: Scenario, field: string) {
    this.#scenario = scenario;
    this.#field = field;
  }

  /** Whether the field counts tokens. */
  get areTokens(): boolean {
    return fieldAt(this.#field)?.unit === "tokens";
  }

  /** How many values were tried. */
  get tried(): number {
    return this.#probes.size;
  }

  /** The methods that answered, in the order in which they did. */
  get methods(): string[] {
    const methods = [...this.#probes.values()].map((each) => each?.method);
    return [...new Set(methods.filter((each) => each !== undefined))];
  }

  /** Whether a value fits; null where it has no estimate. */
  *probeAt(value: number): Generator<Asked, Probe | null, Told> {
    const before = this.#probes.get(value);
    if (before !== undefined) return before;
    const told = yield { scenario: this.#withValue(value), quick: true };
    if ("estimate" in told) return this.#note(value, told.estimate);
    return this.#keep(value, told.probe);
  }

  /** A value's step played; null where a whole estimate has to tell. */
  *playedAt(value: number): Generator<Asked, Probe | null, Told> {
    const before = this.#probes.get(value);
    if (before?.played) return before;
    const told = yield { scenario: this.#withValue(value), quick: true };
    if ("estimate" in told) {
      this.#note(value, told.estimate);
      return null;
    }
    return this.#keep(value, told.probe);
  }

  /** The whole estimate of a value. */
  *estimateAt(value: number): Generator<Asked, Result<Estimate>, Told> {
    const before = this.#estimates.get(value);
    if (before) return before;
    const told = yield { scenario: this.#withValue(value), quick: false };
    if ("probe" in told) throw new Error("a whole estimate was asked for");
    this.#note(value, told.estimate);
    return told.estimate;
  }

  /** Keeps a probe; only the latest may keep the step that it played. */
  #keep(value: number, probe: Probe): Probe {
    const { events = 0 } = probe.played ?? {};
    if (events > MAX_SEARCHED_EVENTS) throw new TooLong(this.#field, events);
    this.#latest?.release();
    this.#latest = probe;
    this.#probes.set(value, probe);
    return probe;
  }

  #note(value: number, estimate: Result<Estimate>): Probe | null {
    const probe = estimate.ok
      ? probeOfEstimate(
        estimate.value,
        estimate.value.fit[0]?.usable_bytes ?? 0,
      )
      : null;
    this.#estimates.set(value, estimate);
    const known = this.#probes.get(value) ?? probe;
    this.#probes.set(value, known);
    return known;
  }

  #withValue(value: number): Scenario {
    return withSet(this.#scenario, this.setOf(value));
  }

  /** What is set where the field has a value. */
  setOf(value: number): AdvisedSet {
    return this.#field === FEWEST
      ? overGpus(this.#scenario, value)
      : { [this.#field]: value };
  }
}
