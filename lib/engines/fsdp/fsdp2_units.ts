import type { CollectiveGroup } from "../../parallel/groups.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { Unit, UnitKind } from "../units.ts";
import type { Fsdp2Sizes } from "./fsdp2_sizes.ts";
import {
  FSDP2_GROUPS,
  FSDP2_STREAMS,
  fsdp2Sizes,
  ranksOfUnit,
} from "./fsdp2_sizes.ts";
import type { FsdpPolicy } from "./policy.ts";
import { expertsPolicy } from "./policy.ts";
import { UnitBuffers } from "./timeline.ts";

/** What a unit takes a buffer for. */
export type UnitStorage = Exclude<keyof typeof FSDP2_GROUPS, "accumulated">;

/** Who shares units, and what each takes. */
export class Fsdp2Units {
  readonly #policy: FsdpPolicy;
  readonly #experts: FsdpPolicy;
  readonly #sizes = new Map<UnitKind, Fsdp2Sizes>();
  readonly #buffers = new UnitBuffers();

  constructor(policy: FsdpPolicy) {
    this.#policy = policy;
    this.#experts = expertsPolicy(policy);
  }

  policyOf({ place }: Unit): FsdpPolicy {
    return place === "experts" ? this.#experts : this.#policy;
  }

  /** Ranks that share a unit's shards. */
  ranksOf(unit: Unit): number {
    return ranksOfUnit(unit.kind, this.policyOf(unit));
  }

  /** Who they are: ranks that hold the same experts, or all. */
  groupOf(unit: Unit): CollectiveGroup {
    return this.ranksOf(unit) === this.#policy.ranks ? "shards" : "expert data";
  }

  /** Bytes of the storages that a unit takes. */
  sizesOf(unit: Unit): Fsdp2Sizes {
    const known = this.#sizes.get(unit.kind);
    if (known) return known;
    const made = fsdp2Sizes(unit.kind, this.policyOf(unit));
    this.#sizes.set(unit.kind, made);
    return made;
  }

  buffer(unit: Unit, kind: UnitStorage): Buffer {
    return this.#buffers.of(unit, kind, FSDP2_GROUPS[kind], () => {
      const size = this.sizesOf(unit)[kind];
      return typeof size === "number" ? [size] : size;
    }, FSDP2_STREAMS[kind]);
  }
}
