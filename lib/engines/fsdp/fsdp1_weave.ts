import type { Buffer } from "../../play/program/buffer.ts";
import type { Run } from "../../play/program/act.ts";
import { cutRun } from "../cuts.ts";
import type { Unit, UnitKind } from "../units.ts";
import type { Flat } from "./fsdp1_sizes.ts";
import { flatsOf, FSDP1_GROUPS, FSDP1_STREAMS } from "./fsdp1_sizes.ts";
import { HookedInputs } from "./hooked_inputs.ts";
import type { MicroBatch } from "./micro_batches.ts";
import type { FsdpPolicy } from "./policy.ts";
import type { MadeGradient, Timeline } from "./timeline.ts";
import { UnitBuffers } from "./timeline.ts";

type Kind = keyof typeof FSDP1_GROUPS;

/**
 * What FullyShardedDataParallel does around the units of a step. Memory that another
 * stream may still use when it is freed is recorded for that, and gathering waits
 * for the unit before the last to be let go of.
 *
 * Source: pytorch torch/distributed/fsdp/_runtime_utils.py, _unshard, _reshard,
 * _reduce_grad; _limiter_utils.py; _flat_param.py, _free_unsharded_flat_param
 */
export class Fsdp1Weave {
  readonly #policy: FsdpPolicy;
  readonly #line: Timeline;
  readonly #flats = new Map<UnitKind, readonly Flat[]>();
  readonly #buffers = new UnitBuffers();
  readonly #unsharded = new Set<Unit>();
  readonly #copied = new Set<Unit>();
  #entered: Unit[] = [];
  #order: Unit[] = [];
  /** A unit whose prefetch waits for the first of its adapters to run backwards. */
  #late: Unit | null = null;
  /**
   * Units that were gathered, and split into views, before the unit before them had
   * run: autograd joins the gradients of views after it has run backwards...
   */
  readonly #early = new Set<Unit>();
  /** ...and one that waits for that. */
  #delayed: Unit | null = null;
  /** Gradients that are not reduced yet, and shards of those that are. */
  readonly #waiting = new Set<Unit>();
  readonly #shards = new Set<Unit>();
  readonly #hooked: HookedInputs;

  /** @param reenters Whether checkpoints run their layers' backward passes by themselves. */
  constructor(policy: FsdpPolicy, line: Timeline, reenters: boolean) {
    this.#policy = policy;
    this.#line = line;
    this.#hooked = new HookedInputs(line, reenters);
  }

  /** @param units In the order in which they run forward. */
  play(batch: MicroBatch, units: readonly Unit[]): void {
    const line = this.#line;
    line.times = batch.times;
    this.#entered = [...units];
    this.#order = [];
    for (const beat of batch.beats) {
      if ("run" in beat) {
        this.#run(beat.run);
        continue;
      }
      if ("ends" in beat) {
        if (beat.ends === "backward") this.#endBackward();
        continue;
      }
      const { unit, at } = beat.unit;
      line.at = at;
      switch (beat.moment) {
        case "before forward":
          line.phase = "forward";
          this.#unshard(unit);
          if (this.#policy.forwardPrefetch) {
            const next = this.#entered[this.#entered.indexOf(unit) + 1];
            if (next && this.#unshard(next)) this.#early.add(next);
          }
          break;
        case "after forward":
          this.#afterForward(unit);
          break;
        case "before backward":
          line.phase = "backward";
          this.#unshard(unit);
          if (this.flats(unit).length > 1) this.#late = unit;
          else this.#prefetch(unit);
          break;
        case "after backward":
          line.phase = "backward";
          if (this.flats(unit).some(({ trains }) => !trains)) {
            this.#hooked.keep(beat.unit);
          }
          if (this.#delayed) this.#afterBackward(this.#delayed, batch);
          this.#delayed = this.#early.delete(unit) ? unit : null;
          if (!this.#delayed) this.#afterBackward(unit, batch);
      }
    }
  }

  /** Gradients that stand between steps go. */
  dropGradients(): void {
    for (const unit of this.#shards) this.#each(unit, "gradient", "free");
    this.#shards.clear();
  }

  /** The flat parameters of a unit. */
  flats({ kind }: Unit): readonly Flat[] {
    const known = this.#flats.get(kind);
    if (known) return known;
    const made = flatsOf(kind, this.#policy);
    this.#flats.set(kind, made);
    return made;
  }

  #buffer(unit: Unit, kind: Kind, part: number): Buffer {
    return this.#buffers.of(
      unit,
      `${kind} ${part}`,
      FSDP1_GROUPS[kind],
      () => [this.flats(unit)[part]?.bytes[kind] ?? 0],
      FSDP1_STREAMS[kind],
    );
  }

  #each(unit: Unit, kind: Kind, what: "take" | "free"): void {
    for (const part of this.flats(unit).keys()) {
      this.#line[what](this.#buffer(unit, kind, part));
    }
  }

  #run(run: Run): void {
    const line = this.#line;
    const unit = this.#late;
    if (unit === null || run.phase !== "backward") return line.run(run);
    this.#late = null;
    // The first adapter's module is the last whose hook fires.
    const adapters = new Set(
      unit.kind.items.flatMap(({ isAdapter, tensor }) =>
        isAdapter ? [tensor.shape.join(" ")] : []
      ),
    );
    const at = Math.max(
      ...run.instance.block.parameters.flatMap(({ parameter, backwardAt }) =>
        parameter.trains && adapters.has(parameter.shape.join(" "))
          ? backwardAt ?? []
          : []
      ),
    );
    const [before, after] = cutRun(run, at);
    if (before) line.run(before);
    this.#prefetch(unit);
    line.run(after);
  }

  /** @returns Whether it had to be gathered. */
  #unshard(unit: Unit): boolean {
    const stands = this.#unsharded.has(unit);
    const comes = !stands ||
      (this.#policy.offloads && !this.#copied.has(unit));
    if (!comes) return false;
    this.#unsharded.add(unit);
    this.#copied.add(unit);
    const line = this.#line;
    for (const [part, flat] of this.flats(unit).entries()) {
      const { bytes, sent } = flat;
      const cast = this.#buffer(unit, "cast", part);
      const copy = this.#buffer(unit, "copy", part);
      line.take(cast);
      line.take(copy);
      if (bytes.cast > 0) line.free(copy);
      if (!stands) {
        line.take(this.#buffer(unit, "whole", part));
        if (this.#policy.ranks > 1) {
          line.exchange("all-gather", "shards", sent.gathered, "parameters");
        }
      }
      line.free(cast);
      if (bytes.cast === 0 && !this.#keepsCopy(flat)) line.free(copy);
    }
    return !stands;
  }

  /**
   * Original parameters are views of the shard that came from the host, until they
   * are views of the one that lies there.
   *
   * Source: pytorch torch/distributed/fsdp/_flat_param.py, flat_param_to
   */
  #keepsCopy({ bytes }: Flat): boolean {
    return bytes.cast === 0 && this.#policy.originals;
  }

  #reshard(unit: Unit): void {
    if (!this.#unsharded.delete(unit)) return;
    // The limiter waits for the free before the last; leaves of adapters come between.
    const usedBy = this.flats(unit).length === 1
      ? `${unit.place} being computed`
      : undefined;
    for (const part of this.flats(unit).keys()) {
      this.#line.free(this.#buffer(unit, "whole", part), usedBy);
    }
    this.#dropCopies(unit);
  }

  /** The unit is the shard that lies on the host again. */
  #dropCopies(unit: Unit): void {
    if (!this.#copied.delete(unit)) return;
    for (const [part, flat] of this.flats(unit).entries()) {
      if (this.#keepsCopy(flat)) {
        this.#line.free(this.#buffer(unit, "copy", part));
      }
    }
  }

  #afterForward(unit: Unit): void {
    this.#order.push(unit);
    const { ranks, reshard } = this.#policy;
    const stays = unit.place === "root" || reshard === false;
    // What is not sharded is given back as the cast that it is.
    if (ranks === 1 || !stays) this.#reshard(unit);
    else this.#dropCopies(unit);
  }

  #prefetch(unit: Unit): void {
    const target = this.#order[this.#order.indexOf(unit) - 1];
    if (target) this.#unshard(target);
  }

  #afterBackward(unit: Unit, batch: MicroBatch): void {
    const line = this.#line;
    const { reshard, ranks } = this.#policy;
    const made = batch.gradients.get(unit) ?? [];
    if (made.length > 0) {
      const known = this.#waiting.has(unit);
      this.#each(unit, "flat", "take");
      this.#let(made);
      // Autograd adds it to the one that waits.
      if (known) this.#each(unit, "flat", "free");
      else this.#waiting.add(unit);
    }
    if (batch.reduces || reshard !== false || ranks === 1) this.#reshard(unit);
    if (!batch.reduces || !this.#waiting.delete(unit)) return;
    for (const [part, { sent, trains }] of this.flats(unit).entries()) {
      if (!trains) continue;
      const { replicas } = this.#policy;
      const own = (kind: Kind) => this.#buffer(unit, kind, part);
      line.take(own("reducible"));
      line.take(own("padded"));
      line.take(own("reduced"));
      if (ranks > 1) {
        line.exchange("reduce-scatter", "shards", sent.reduced, "gradients");
      }
      if (replicas > 1) {
        line.exchange(
          "all-reduce",
          "replicas",
          sent.shard,
          "shards of gradients",
        );
      }
      line.take(own("gradient"));
      line.free(own("reduced"));
      if (this.#shards.has(unit)) line.free(own("gradient"));
      line.free(own("padded"));
      line.free(own("reducible"));
      line.free(own("flat"), `${unit.place} being reduced ${part}`);
    }
    this.#shards.add(unit);
  }

  #let(made: readonly MadeGradient[]): void {
    for (const { instance, storage } of made) {
      this.#line.release(instance, storage);
    }
  }

  #endBackward(): void {
    this.#late = null;
    this.#hooked.drop();
    for (const unit of this.#unsharded) {
      if (this.#policy.reshard !== false) this.#reshard(unit);
    }
    // Those that the host has by now.
    if (this.#policy.offloads) this.dropGradients();
  }
}
