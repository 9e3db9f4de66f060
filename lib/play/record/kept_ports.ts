import type { Carried } from "./block.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";

/** Where a layer's block meets what the layer keeps from one pass to the next. */
export class KeptPorts {
  readonly #m: Machine;
  readonly #ports = new Map<string, { taken: number | null; given: number }>();

  readonly #outlived: Value[] = [];

  constructor(m: Machine) {
    this.#m = m;
  }

  /** What an earlier pass has kept under a name; the layer's one reference to it. */
  taken(name: string, elements: number, dtype: Dtype): Value {
    const value = this.#m.external(elements, dtype, name, null, "KV cache");
    const { storage } = value;
    this.#ports.set(name, { taken: storage, given: storage });
    return value;
  }

  /** A new tensor that is kept under a name from now on. */
  kept(name: string, elements: number, dtype: Dtype): Value {
    const value = this.#m.create(elements, dtype, name, null, "KV cache");
    const { storage } = value;
    this.#m.tape.retain(storage);
    const taken = this.#ports.get(name)?.taken ?? null;
    this.#ports.set(name, { taken, given: storage });
    return value;
  }

  /** Holds what was kept before until the pass is over: its caller refers to it. */
  outlive(old: Value): void {
    this.#outlived.push(old);
  }

  /** What is held so long. */
  outlived(): readonly Value[] {
    return this.#outlived;
  }

  /** All of them, in the order in which they were first named. */
  all(): Carried[] {
    return [...this.#ports].map(([name, port]) => ({ name, ...port }));
  }
}
