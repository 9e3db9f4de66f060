import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Unit, UnitKind } from "../units.ts";
import type { MicroBatch } from "./micro_batches.ts";
import type { FsdpPolicy } from "./policy.ts";
import { expertsPolicy } from "./policy.ts";
import type { Fsdp2Sizes } from "./fsdp2_sizes.ts";
import { FSDP2_GROUPS, FSDP2_STREAMS, fsdp2Sizes } from "./fsdp2_sizes.ts";
import type { MadeGradient, Timeline } from "./timeline.ts";
import { UnitBuffers } from "./timeline.ts";

type Kind = keyof typeof FSDP2_GROUPS;

/**
 * What fully_shard does around the units of a step.
 *
 * Source: pytorch torch/distributed/fsdp/_fully_shard/_fsdp_param_group.py
 */
export class Fsdp2Weave {
  readonly #policy: FsdpPolicy;
  readonly #experts: FsdpPolicy;
  readonly #line: Timeline;
  readonly #sizes = new Map<UnitKind, Fsdp2Sizes>();
  readonly #buffers = new UnitBuffers();
  readonly #unsharded = new Set<Unit>();
  readonly #gathered = new Set<Unit>();
  readonly #keptBy = new Set<Unit>();
  /** The last unit's gather, which the next one's copy-out frees in forward. */
  #pending: Unit | null = null;
  #order: Unit[] = [];
  #reducing: Buffer | null = null;
  /** What all-reduces read, held to the end of the backward pass. */
  #allReduced: Buffer[] = [];
  readonly #shards = new Set<Unit>();
  /** Gradients that wait to be reduced: of blocks, or buffers of their own. */
  readonly #waiting = new Map<Unit, readonly MadeGradient[]>();
  readonly #accumulated = new Map<Unit, Buffer[]>();

  constructor(policy: FsdpPolicy, line: Timeline) {
    this.#policy = policy;
    this.#experts = expertsPolicy(policy);
    this.#line = line;
  }

  /** Plays a micro-batch. */
  play(batch: MicroBatch): void {
    const line = this.#line;
    this.#order = [];
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
          break;
        case "after forward":
          this.#afterForward(unit);
          break;
        case "before backward":
          line.phase = "backward";
          this.#unshard(unit);
          this.#wait(unit, false);
          this.#prefetch(unit);
          break;
        case "after backward":
          line.phase = "backward";
          this.#afterBackward(unit, batch);
      }
    }
  }

  /** The optimizer has stepped: gradients go. */
  zeroGradients(): void {
    this.#line.phase = "optimizer";
    this.#line.at = "optimizer";
    for (const unit of this.#shards) this.#line.free(this.#gradient(unit));
    this.#shards.clear();
  }

  #of(unit: Unit): Fsdp2Sizes {
    const known = this.#sizes.get(unit.kind);
    if (known) return known;
    const made = fsdp2Sizes(unit.kind, this.#policyOf(unit));
    this.#sizes.set(unit.kind, made);
    return made;
  }

  #policyOf({ place }: Unit): FsdpPolicy {
    return place === "experts" ? this.#experts : this.#policy;
  }

  #buffer(
    unit: Unit,
    kind: Exclude<Kind, "accumulated">,
  ): Buffer {
    return this.#buffers.of(unit, kind, FSDP2_GROUPS[kind], () => {
      const size = this.#of(unit)[kind];
      return typeof size === "number" ? [size] : size;
    }, FSDP2_STREAMS[kind]);
  }

  #gradient(unit: Unit): Buffer {
    return this.#buffer(unit, "gradient");
  }

  #reshards(unit: Unit): boolean {
    const { place } = unit;
    const { reshard, rootReshard } = this.#policyOf(unit);
    return place === "root"
      ? rootReshard
      : place === "tail"
      ? false
      : reshard !== false;
  }

  #unshard(unit: Unit): void {
    if (this.#gathered.has(unit) || this.#unsharded.has(unit)) return;
    this.#gathered.add(unit);
    if (this.#policyOf(unit).ranks === 1) return;
    const line = this.#line;
    const kept = this.#keptBy.has(unit);
    const copies = kept ? null : this.#buffer(unit, "copies");
    const casts = kept
      ? this.#buffer(unit, "kept")
      : this.#buffer(unit, "casts");
    line.take(copies);
    line.take(casts);
    line.take(this.#buffer(unit, "gather"));
    line.exchange("all-gather", "shards", this.#of(unit).gather, "parameters");
    line.free(casts);
    line.free(copies);
  }

  #wait(unit: Unit, isForward: boolean): void {
    if (!this.#gathered.delete(unit)) return;
    const line = this.#line;
    const gather = this.#buffer(unit, "gather");
    const cast = this.#policyOf(unit).ranks === 1
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
      const { reshard } = this.#policyOf(unit);
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

  #afterBackward(unit: Unit, { gradients, reduces }: MicroBatch): void {
    const line = this.#line;
    const made = gradients.get(unit) ?? [];
    const known = this.#accumulated.get(unit);
    if (known) this.#let(made);
    else if (!this.#waiting.has(unit)) this.#waiting.set(unit, made);
    if (this.#unsharded.delete(unit)) line.free(this.#buffer(unit, "whole"));
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
    const { isCast, reduceInput, reduced } = this.#of(unit);
    const { replicas, offloads, ranks } = this.#policyOf(unit);
    const input = this.#buffer(unit, "reduceInput");
    line.take(input);
    this.#reducing = input;
    this.#let(this.#waiting.get(unit) ?? []);
    this.#waiting.delete(unit);
    for (const buffer of this.#accumulated.get(unit) ?? []) line.free(buffer);
    this.#accumulated.delete(unit);
    const output = this.#buffer(unit, "reduced");
    const gradient = this.#gradient(unit);
    if (ranks > 1) {
      line.exchange("reduce-scatter", "shards", reduceInput, "gradients");
    }
    if (replicas > 1) {
      line.exchange("all-reduce", "replicas", reduced, "gradients");
    }
    const divided = this.#buffer(unit, "divided");
    line.take(isCast ? output : gradient);
    line.take(divided);
    line.free(divided);
    if (isCast) {
      line.take(gradient);
      if (replicas > 1) this.#allReduced.push(output);
      else line.free(output);
    }
    if (offloads || this.#shards.has(unit)) line.free(gradient);
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
