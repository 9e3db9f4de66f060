import type { Scenario } from "../../scenario/schema.ts";
import type { ConfigurationDraft } from "./exported.ts";

/** Gathers a configuration's values and which fields they state. */
export class DraftBuilder {
  readonly values: Record<string, unknown> = {};
  readonly #says = new Set<string>();
  readonly #notes: string[] = [];

  /** Writes a value under a key and remembers the fields that it states. */
  put(key: string, value: unknown, ...paths: string[]): this {
    this.values[key] = value;
    return this.says(...paths);
  }

  /** Fields that the values so far state, or that their absence does. */
  says(...paths: string[]): this {
    for (const path of paths) this.#says.add(path);
    return this;
  }

  note(text: string): this {
    this.#notes.push(text);
    return this;
  }

  build(): ConfigurationDraft {
    return { values: this.values, says: [...this.#says], notes: this.#notes };
  }
}

/** GPUs that hold one replica each, or part of one. */
export function replicasOf({ parallel }: Scenario): number {
  const { gpus, tp, pp, cp } = parallel;
  return Math.max(1, gpus / (tp * pp * cp));
}

/** Machines, where the GPUs fill them evenly; one otherwise. */
export function nodesOf({ parallel }: Scenario): number {
  const { gpus, gpus_per_node } = parallel;
  return gpus > gpus_per_node && gpus % gpus_per_node === 0
    ? gpus / gpus_per_node
    : 1;
}

/** The engine that a Scenario means. */
export function engineNameOf({ engine, parallel }: Scenario): string {
  if (engine.name !== "auto") return engine.name;
  return parallel.gpus > 1 ? "ddp" : "single";
}
