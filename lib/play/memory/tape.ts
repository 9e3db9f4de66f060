import { groupDigits } from "../../units/mod.ts";
import { MAX_STORAGES } from "./limits.ts";
import type { PartName } from "../../answer/parts.ts";
import type { CollectiveName } from "../../answer/traffic.ts";
import type { CollectiveGroup } from "../../parallel/groups.ts";

/** PyTorch's allocator hands out multiples of this many bytes. */
const ROUNDING = 512;

/** The bytes that PyTorch's allocator counts for a tensor of so many bytes. */
export function roundedBytes(bytes: number): number {
  return Math.ceil(bytes / ROUNDING) * ROUNDING;
}

/** A piece of memory that several tensors may share. */
export type StorageId = number;

/** A layer, or the loss, makes more than is played through. */
export class TapeFull extends RangeError {
  override name = "TapeFull";

  /**
   * @param what What there is too much of, such as "tensors".
   * @param most How many there may be.
   */
  constructor(what: string, most: number) {
    super(
      `a layer or the loss makes more than ${
        groupDigits(most)
      } ${what}, the most that are played through`,
    );
  }
}

/** An array that ranks exchange while a program runs. */
export interface Exchange {
  readonly collective: CollectiveName;
  readonly group: CollectiveGroup;
  /** Of the whole array, as NCCL's tests count its size. */
  readonly bytes: number;
  readonly times: number;
  readonly what: string;
}

/** Events on storages. */
export interface Events {
  /** In order: a storage's id when it is allocated, its complement when freed. */
  readonly events: readonly number[];
  /** Rounded bytes of each storage. */
  readonly bytes: readonly number[];
  readonly parts: PartName[];
  readonly labels: string[];
  /** What is exchanged, and before which event. */
  readonly exchanges: readonly (readonly [at: number, Exchange])[];
}

/**
 * Records a program's allocations and frees. A storage is freed when nobody
 * refers to it any more, as Python and autograd do it.
 */
export class Tape implements Events {
  readonly events: number[] = [];
  readonly bytes: number[] = [];
  readonly parts: PartName[] = [];
  readonly labels: string[] = [];
  readonly exchanges: [at: number, Exchange][] = [];
  readonly #references: number[] = [];

  /**
   * Allocates a storage, with one reference.
   *
   * @throws {TapeFull} Beyond what any model's layer makes.
   */
  allocate(bytes: number, label: string, part: PartName): StorageId {
    const id = this.external(bytes, label, part);
    if (bytes > 0) this.events.push(id);
    return id;
  }

  /** Ranks exchange an array before the next event. */
  exchange(what: Omit<Exchange, "times">, times = 1): void {
    this.exchanges.push([this.events.length, { ...what, times }]);
  }

  /** A storage that was allocated before the program began, with one reference. */
  external(bytes: number, label: string, part: PartName): StorageId {
    const id = this.bytes.length;
    if (id >= MAX_STORAGES) throw new TapeFull("tensors", MAX_STORAGES);
    this.bytes.push(roundedBytes(bytes));
    this.labels.push(label);
    this.parts.push(part);
    this.#references.push(1);
    return id;
  }

  /** Takes back the storages that were made since a place, and their events. */
  forget(events: number, storages: number): void {
    const kept = this.events.splice(events).filter((event) =>
      (event >= 0 ? event : ~event) < storages
    );
    this.events.push(...kept);
    this.bytes.fill(0, storages);
    const sent = this.exchanges.filter(([at]) => at <= events);
    this.exchanges.splice(0, Infinity, ...sent);
  }

  /** Frees a storage's memory, while tensors go on to refer to it... */
  discard(id: StorageId): void {
    this.events.push(~id);
  }

  /** ...and gives it memory again. */
  restore(id: StorageId): void {
    this.events.push(id);
  }

  /** Moves the events between two places before those since an earlier one. */
  advance(to: number, from: number, end: number): void {
    const moved = this.events.splice(from, end - from);
    this.events.splice(to, 0, ...moved);
  }

  /** How many refer to a storage. */
  references(id: StorageId): number {
    return this.#references[id] ?? 0;
  }

  retain(id: StorageId): void {
    this.#references[id] = this.references(id) + 1;
  }

  release(id: StorageId): void {
    const left = this.references(id) - 1;
    if (left < 0) throw new RangeError(`${this.labels[id]} is freed twice`);
    this.#references[id] = left;
    if (left === 0 && this.bytes[id] !== 0) this.events.push(~id);
  }
}
