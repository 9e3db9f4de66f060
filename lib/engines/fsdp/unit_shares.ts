import type { CollectiveGroup } from "../../parallel/groups.ts";
import type { Unit, UnitKind } from "../units.ts";
import type { Fsdp2Sizes } from "./fsdp2_sizes.ts";
import { fsdp2Sizes, ranksOfUnit } from "./fsdp2_sizes.ts";
import type { FsdpPolicy } from "./policy.ts";
import { expertsPolicy } from "./policy.ts";

/** How units are shared out: experts by a policy of their own. */
export class UnitShares {
  readonly #policy: FsdpPolicy;
  readonly #experts: FsdpPolicy;
  readonly #sizes = new Map<UnitKind, Fsdp2Sizes>();

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
}
