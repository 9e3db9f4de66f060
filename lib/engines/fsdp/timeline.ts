import type { At, PhaseName } from "../../answer/curve.ts";
import type { CollectiveName } from "../../answer/traffic.ts";
import type { CollectiveGroup } from "../../parallel/groups.ts";
import type { Act, Instance, Run } from "../../play/program/act.ts";
import type { Buffer, Group } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { withExchanges } from "../exchanges.ts";
import type { Releases } from "../released.ts";
import type { PassUnit, Unit } from "../units.ts";

/** Acts in the order in which an engine makes them. */
export class Timeline {
  readonly acts: Act[] = [];
  readonly #releases: Releases;
  phase: PhaseName = "forward";
  at: At = "embeddings";
  /** Micro-batches of a step that what is played now stands for... */
  times = 1;
  /** ...and of these how many each run does, where units are gathered once. */
  repeats = 1;

  constructor(releases: Releases) {
    this.#releases = releases;
  }

  run(run: Run): void {
    this.phase = run.phase;
    this.at = run.at;
    this.acts.push(...withExchanges([run], () => this.times * this.repeats));
  }

  take(buffer: Buffer | null): void {
    if (!buffer || buffer.bytes === 0) return;
    const { phase, at } = this;
    this.acts.push({ act: "take", phase, at, buffer });
  }

  /** @param usedBy A stream that may still use it. */
  free(buffer: Buffer | null, usedBy?: string): void {
    if (!buffer || buffer.bytes === 0) return;
    const { phase, at } = this;
    this.acts.push({
      act: "free",
      phase,
      at,
      buffer,
      ...(usedBy === undefined ? {} : { usedBy }),
    });
  }

  exchange(
    collective: CollectiveName,
    group: CollectiveGroup,
    bytes: number,
    what: string,
  ): void {
    if (bytes === 0) return;
    const { phase, at, times } = this;
    this.acts.push({
      act: "collective",
      phase,
      at,
      collective,
      group,
      bytes,
      times,
      what,
    });
  }

  release(instance: Instance, storage: number): void {
    this.acts.push(this.#releases.of(instance, [storage], this.phase));
  }
}

/** Buffers of units, each by what it is for. */
export class UnitBuffers {
  readonly #known = new Map<Unit, Map<string, Buffer>>();

  /**
   * @param key What it is for.
   * @param sizes Bytes of each storage, asked for once.
   * @param stream That it is taken on, beside the one that computes.
   */
  of(
    unit: Unit,
    key: string,
    group: Group,
    sizes: () => readonly number[],
    stream?: string,
  ): Buffer {
    const known = this.#known.get(unit) ?? new Map<string, Buffer>();
    this.#known.set(unit, known);
    const before = known.get(key);
    if (before) return before;
    const made = bufferOf(
      unit.name,
      sizes().map((bytes) => ({ group, bytes })),
      1,
      stream,
    );
    known.set(key, made);
    return made;
  }
}

/** A group of which no more is known than its bytes. */
export function groupOf(part: Group["part"], label: string): Group {
  return { part, label, count: 1, elements: null };
}

/** A whole gradient that a pass has made of a unit. */
export interface MadeGradient {
  readonly instance: Instance;
  readonly storage: number;
  readonly elements: number;
}

/** The gradients of units that a pass makes. */
export function gradientsIn(
  instances: readonly Instance[],
  units: readonly PassUnit[],
): Map<Unit, MadeGradient[]> {
  const layers = new Map<Instance, Unit>();
  const experts = new Map<Instance, Unit>();
  const around = units.filter(({ unit }) => unit.stack === null);
  for (const { unit, enter } of units) {
    if (unit.place !== "layer") continue;
    (unit.isOfExperts ? experts : layers).set(enter, unit);
  }
  const owner = new Map(
    around.flatMap(({ unit }) =>
      unit.kind.items.map(({ tensor }) => [tensor.name, unit] as const)
    ),
  );
  const root = around.find(({ unit }) => unit.place === "root")?.unit ??
    around.find(({ unit }) => unit.place === "tail")?.unit;
  const made = new Map<Unit, MadeGradient[]>();
  for (const instance of instances) {
    for (const { parameter, gradient } of instance.block.parameters) {
      if (gradient === null) continue;
      const layer = (/(^|\.)experts\./.test(parameter.name)
        ? experts.get(instance)
        : undefined) ?? layers.get(instance);
      const unit = layer
        ? ownerIn(layer, parameter.name)
        : owner.get(parameter.name) ?? root;
      if (!unit) {
        continue;
      }
      const own = made.get(unit) ?? [];
      made.set(unit, own);
      const { elements } = parameter;
      own.push({ instance, storage: gradient.storage, elements });
    }
  }
  return made;
}

/** The unit of a layer's parameter: its experts', or its own. */
function ownerIn(layer: Unit, name: string): Unit {
  const { experts } = layer;
  return experts?.kind.items.some(({ tensor }) =>
      tensor.name.endsWith(`.N.${name}`)
    )
    ? experts
    : layer;
}
