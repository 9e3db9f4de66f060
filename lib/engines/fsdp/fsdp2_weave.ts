import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { lastLayer, moduleUnitsBeside, moduleUnitsIn } from "../beats.ts";
import type { PassUnit, Unit } from "../units.ts";
import type { MicroBatch } from "./micro_batches.ts";
import type { FsdpPolicy } from "./policy.ts";
import { UnitShares } from "./unit_shares.ts";
import { FSDP2_GROUPS, FSDP2_STREAMS } from "./fsdp2_sizes.ts";
import type { MadeGradient, Timeline } from "./timeline.ts";
import { UnitBuffers } from "./timeline.ts";

type Kind = keyof typeof FSDP2_GROUPS;
type Own = Exclude<Kind, "accumulated">;

/** fully_shard: pytorch torch/distributed/fsdp/_fully_shard/_fsdp_param_group.py. */
export class Fsdp2Weave {
  readonly #policy: FsdpPolicy;
  readonly #line: Timeline;
  /** How each unit is shared out, and what it takes. */
  readonly shares: UnitShares;
  readonly #buffers = new UnitBuffers();
  readonly #unsharded = new Set<Unit>();
  readonly #gathered = new Set<Unit>();
  readonly #keptBy = new Set<Unit>();
  /** The last unit's gather, which the next one's copy-out frees in forward. */
  #pending: Unit | null = null;
  #order: Unit[] = [];
  /** The modules in the order in which they run, each with its units. */
  #modules: readonly (readonly PassUnit[])[] = [];
  #last: Unit | null = null;
  #reducing: Buffer | null = null;
  /** What all-reduces read, held to the end of the backward pass. */
  #allReduced: Buffer[] = [];
  readonly #shards = new Set<Unit>();
  /** Gradients that wait to be reduced: of blocks, or buffers of their own. */
  readonly #waiting = new Map<Unit, readonly MadeGradient[]>();
  readonly #accumulated = new Map<Unit, Buffer[]>();

  /** What a hook takes to step a unit's shards; null: no hook steps. */
  readonly #stepOf: ((unit: Unit) => Buffer) | null;

  constructor(
    policy: FsdpPolicy,
    line: Timeline,
    stepOf: ((unit: Unit) => Buffer) | null = null,
  ) {
    this.#policy = policy;
    this.#stepOf = stepOf;
    this.shares = new UnitShares(policy);
    this.#line = line;
  }

  /** Plays a micro-batch. */
  play(batch: MicroBatch): void {
    const line = this.#line;
    line.times = batch.times;
    this.#order = [];
    this.#last = lastLayer(batch.beats);
    if (this.#policy.experts) this.#modules = moduleUnitsIn(batch.beats);
    for (const beat of batch.beats) {
      if ("run" in beat) {
        line.run(beat.run);
        continue;
      }
      if ("ends" in beat) {
        if (beat.ends === "forward") this.#dropPending();
        else this.#endBackward();
        continue;
      }
      const { unit, at } = beat.unit;
      line.at = at;
      switch (beat.moment) {
        case "before forward":
          line.phase = "forward";
          this.#unshard(unit);
          this.#wait(unit, true);
          this.#prefetchModule(beat.unit, 1);
          break;
        case "after forward":
          this.#afterForward(unit);
          break;
        case "before backward":
          line.phase = "backward";
          this.#unshard(unit);
          this.#wait(unit, false);
          if (this.#policy.experts) this.#prefetchModule(beat.unit, -1);
          else this.#prefetch(unit);
          break;
        case "after backward":
          line.phase = "backward";
          this.#afterBackward(unit, batch);
      }
    }
  }

  /** Reduces what units have kept of all micro-batches, and lets them go. */
  reduceKept(units: readonly Unit[]): void {
    const line = this.#line;
    for (const unit of units) {
      if (this.#unsharded.delete(unit)) line.free(this.#buffer(unit, "whole"));
      line.free(this.#reducing);
      this.#reducing = null;
      this.#reduce(unit);
    }
    this.#endBackward();
  }

  /** The optimizer has stepped: gradients go. */
  zeroGradients(): void {
    this.#line.phase = "optimizer";
    this.#line.at = "optimizer";
    for (const unit of this.#shards) {
      this.#line.free(this.#buffer(unit, "gradient"));
    }
    this.#shards.clear();
  }

  #buffer(unit: Unit, kind: Own): Buffer {
    return this.#buffers.of(unit, kind, FSDP2_GROUPS[kind], () => {
      const size = this.shares.sizesOf(unit)[kind];
      return typeof size === "number" ? [size] : size;
    }, FSDP2_STREAMS[kind]);
  }

  #reshards(unit: Unit): boolean {
    const { reshard, rootReshard, keepsLast } = this.shares.policyOf(unit);
    if (keepsLast && unit === this.#last) return false;
    const { place } = unit;
    return place === "root"
      ? rootReshard
      : place === "tail"
      ? false
      : reshard !== false;
  }

  #unshard(unit: Unit): void {
    if (this.#gathered.has(unit) || this.#unsharded.has(unit)) return;
    this.#gathered.add(unit);
    if (this.shares.ranksOf(unit) === 1) return;
    const line = this.#line;
    const kept = this.#keptBy.has(unit);
    const copies = kept ? null : this.#buffer(unit, "copies");
    const casts = kept
      ? this.#buffer(unit, "kept")
      : this.#buffer(unit, "casts");
    line.take(copies);
    line.take(casts);
    line.take(this.#buffer(unit, "gather"));
    line.exchange(
      "all-gather",
      kept ? "shards after forward" : this.shares.groupOf(unit),
      this.shares.sizesOf(unit).sent.gathered,
      "parameters",
    );
    line.free(casts);
    line.free(copies);
  }

  #wait(unit: Unit, isForward: boolean): void {
    if (!this.#gathered.delete(unit)) return;
    const line = this.#line;
    const gather = this.#buffer(unit, "gather");
    const cast = this.shares.policyOf(unit).ranks === 1
      ? this.#buffer(unit, "casts")
      : null;
    line.take(cast);
    line.take(this.#buffer(unit, "whole"));
    line.free(cast);
    this.#unsharded.add(unit);
    if (this.#keptBy.delete(unit)) line.free(this.#buffer(unit, "kept"));
    if (isForward) {
      this.#dropPending();
      this.#pending = unit;
    } else line.free(gather);
  }

  #dropPending(): void {
    if (this.#pending === null) return;
    this.#line.free(this.#buffer(this.#pending, "gather"));
    this.#pending = null;
  }

  #afterForward(unit: Unit): void {
    if (this.#reshards(unit) && this.#unsharded.delete(unit)) {
      const { reshard } = this.shares.policyOf(unit);
      if (typeof reshard === "number" && unit.place !== "root") {
        this.#line.take(this.#buffer(unit, "kept"));
        this.#keptBy.add(unit);
      }
      this.#line.free(this.#buffer(unit, "whole"));
    }
    this.#order.push(unit);
  }

  #prefetch(unit: Unit): void {
    const at = this.#order.indexOf(unit);
    const target = at > 0 ? this.#order[at - 1] : undefined;
    if (target) this.#unshard(target);
  }

  #prefetchModule(unit: PassUnit, step: 1 | -1): void {
    moduleUnitsBeside(this.#modules, unit, step)
      .forEach(({ unit: each }) => this.#unshard(each));
  }

  #afterBackward(unit: Unit, { gradients, reduces, keeps }: MicroBatch): void {
    const line = this.#line;
    const made = gradients.get(unit) ?? [];
    const known = this.#accumulated.get(unit);
    if (known) this.#let(made);
    else if (!this.#waiting.has(unit)) this.#waiting.set(unit, made);
    if (keeps !== true && this.#unsharded.delete(unit)) {
      line.free(this.#buffer(unit, "whole"));
    }
    if (!reduces) {
      if (!known) this.#accumulate(unit);
      return;
    }
    line.free(this.#reducing);
    this.#reducing = null;
    if (made.length > 0) this.#reduce(unit);
  }

  /** Unreduced gradients of another type than they are reduced in are cast. */
  #accumulate(unit: Unit): void {
    const { reduce } = this.#policy;
    const own = this.#waiting.get(unit) ?? [];
    const isOwn = reduce === null ||
      unit.kind.items.every(({ trains, dtype }) => !trains || dtype === reduce);
    if (isOwn) return;
    this.#waiting.delete(unit);
    const group = FSDP2_GROUPS.accumulated;
    const buffers = own.map((each) => {
      const bytes = roundedBytes(each.elements * DTYPE_BYTES[reduce]);
      const buffer = bufferOf(unit.name, [{ group, bytes }]);
      this.#line.take(buffer);
      this.#let([each]);
      return buffer;
    });
    this.#accumulated.set(unit, buffers);
  }

  #let(made: readonly MadeGradient[]): void {
    for (const { instance, storage } of made) {
      this.#line.release(instance, storage);
    }
  }

  #reduce(unit: Unit): void {
    const line = this.#line;
    const { isCast, sent } = this.shares.sizesOf(unit);
    const { replicas, offloads } = this.shares.policyOf(unit);
    const input = this.#buffer(unit, "reduceInput");
    line.take(input);
    this.#reducing = input;
    this.#let(this.#waiting.get(unit) ?? []);
    this.#waiting.delete(unit);
    for (const buffer of this.#accumulated.get(unit) ?? []) line.free(buffer);
    this.#accumulated.delete(unit);
    const output = this.#buffer(unit, "reduced");
    const gradient = this.#buffer(unit, "gradient");
    if (this.shares.ranksOf(unit) > 1) {
      line.exchange(
        "reduce-scatter",
        this.shares.groupOf(unit),
        sent.reduced,
        "gradients",
      );
    }
    const what = "shards of gradients";
    if (replicas > 1) line.exchange("all-reduce", "replicas", sent.shard, what);
    const divided = this.#buffer(unit, "divided");
    line.take(isCast ? output : gradient);
    line.take(divided);
    line.free(divided);
    if (isCast) {
      line.take(gradient);
      if (replicas > 1) this.#allReduced.push(output);
      else line.free(output);
    }
    const stepped = offloads ? null : this.#stepOf?.(unit) ?? null;
    line.take(stepped);
    line.free(stepped);
    if (offloads || this.#stepOf || this.#shards.has(unit)) line.free(gradient);
    else this.#shards.add(unit);
  }

  #endBackward(): void {
    const line = this.#line;
    line.free(this.#reducing);
    this.#reducing = null;
    for (const buffer of this.#allReduced) line.free(buffer);
    this.#allReduced = [];
    for (const unit of this.#gathered) line.free(this.#buffer(unit, "gather"));
    this.#gathered.clear();
  }
}
