import type { PartName } from "../../answer/parts.ts";
import type { HeadGiver, HeadTaker } from "../layers/attention_plan.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import { savedBehind } from "../torch/graph.ts";
import type { StorageId } from "../memory/tape.ts";
import type { Machine } from "../torch/machine.ts";
import type { Grad, Value } from "../torch/values.ts";
import type { Carried } from "./block.ts";
import type { Reading, Shared } from "./encoders/shared.ts";
import { readShared } from "./encoders/shared.ts";

const PART: PartName = "attention activations";

/** Results of a layer beside its own, with the gradients that come back to them. */
export type Results = readonly (readonly [Value, Grad])[];

/**
 * Keys and values that a layer hands on. They stand until the forward pass ends, or
 * as long as later layers keep them; one that runs again puts the new ones in their
 * place, which stand with their graph until no checkpoint is left.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py,
 * shared_kv_states
 */
export class GivenHeads {
  readonly #group: string;
  #m: Machine | null = null;
  #held: Value[] = [];
  #graph: readonly StorageId[] = [];
  #given: readonly Value[] = [];
  #results: Results = [];

  /** @param group What sets them apart from those of other layers that hand on. */
  constructor(group: string) {
    this.#group = group;
  }

  readonly give: HeadGiver = (m, keys, values) => {
    if (this.#m !== m) [this.#m, this.#held, this.#graph] = [m, [], []];
    const both = [keys, values];
    this.#given = both;
    if (m.followsVariables || (m.recording && this.#held.length === 0)) {
      for (const each of both) m.giveBack(each);
      return;
    }
    const old = this.#held;
    this.#held = both.map((each) => m.keep(m.view(each)));
    m.drop(...old);
    // What runs again hands on tensors with a graph, which stands as long as they.
    if (m.recording) {
      this.#graph = savedBehind(both.map(({ source }) => source));
    }
    for (const storage of this.#graph) m.tape.retain(storage);
  };

  /** As later layers read them. */
  shared(): readonly Shared[] {
    return this.#given.map(({ elements, dtype, source }, at) => ({
      name: `${at === 0 ? "keys" : "values"} of ${this.#group}`,
      elements,
      dtype,
      needsGrad: source !== null,
      part: PART,
      gradient: GRADIENTS[at] ?? "",
    }));
  }

  /** What gradients come back to, once the layer has run. */
  results(m: Machine): Results {
    this.#results = this.#given.filter(({ source }) => source).map((
      value,
      at,
    ) => {
      const { elements, dtype } = value;
      const storage = m.tape.external(
        elements * DTYPE_BYTES[dtype],
        GRADIENTS[at] ?? "",
        "activation gradients",
      );
      return [value, { storage, elements, dtype }];
    });
    return this.#results;
  }

  /** Where the layer's block meets these gradients. */
  carried(): Carried[] {
    const wanted = this.shared().filter(({ needsGrad }) => needsGrad);
    return this.#results.map(([, { storage }], at) => ({
      name: wanted[at]?.name ?? "",
      taken: storage,
      given: null,
    }));
  }

  /** Lets go of what stands for checkpoints. */
  release(m: Machine): void {
    m.drop(...this.#held);
    for (const storage of this.#graph) m.tape.release(storage);
    [this.#held, this.#graph] = [[], []];
  }
}

const GRADIENTS = ["gradient of handed keys", "gradient of handed values"];

/**
 * Reads an earlier layer's keys and values.
 *
 * @param isBegun Whether a layer whose backward pass runs before reads them too.
 * @param note Is told how they are read, each time anew.
 */
export function takerOf(
  shared: readonly Shared[],
  isBegun: boolean,
  note: (readings: readonly Reading[]) => void,
): HeadTaker {
  return (m) => {
    const readings = shared.map((each) => readShared(m, each, isBegun));
    note(readings);
    const [keys, values] = readings.map(({ value }) => value);
    if (!keys || !values) throw new RangeError("no layer has handed any on");
    return [keys, values];
  };
}
