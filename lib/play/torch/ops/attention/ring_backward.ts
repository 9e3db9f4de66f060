import type { Machine } from "../../machine.ts";
import type { Grad, Value } from "../../values.ts";
import { DTYPE_BYTES } from "../../dtype.ts";
import { takeWithin, workspaces } from "./workspaces.ts";
import type { Ring, RingStep } from "./context.ts";
import { gatheredPair } from "./context.ts";
import type { Heads } from "./types.ts";

/**
 * The backward pass of attention around a ring: keys and values are gathered again,
 * gradients are summed in fp32, those of keys and values on their way around.
 *
 * Source: pytorch torch/distributed/tensor/experimental/_context_parallel/
 * _attention.py, _templated_ring_attention_backward
 */
export class RingBackward {
  readonly #m: Machine;
  readonly #heads: readonly [Value, Value, Value];
  readonly #sizes: Heads;
  readonly #ring: Ring;
  readonly #steps: readonly (RingStep | null)[];

  constructor(
    m: Machine,
    heads: readonly [Value, Value, Value],
    sizes: Heads,
    ring: Ring,
    steps: readonly (RingStep | null)[],
  ) {
    this.#m = m;
    this.#heads = heads;
    this.#sizes = sizes;
    this.#ring = ring;
    this.#steps = steps;
  }

  /** Gradients of queries, keys and values; the latter two lie in one tensor. */
  grads(): (Grad | null)[] {
    const m = this.#m;
    const [q, k, v] = this.#heads;
    const { dtype } = q;
    const both = k.elements + v.elements;
    m.tape.exchange(gatheredPair(both * this.#ring.ranks, dtype));
    // Gradients go on to the next rank in every step, in fp32.
    m.tape.exchange({
      collective: "send and receive",
      group: "context",
      bytes: both * DTYPE_BYTES.fp32,
      what: "gradients of keys and values",
    }, this.#steps.length);
    let toQueries = this.#wide(q.elements, "gradient of queries in fp32");
    let toPair: Grad[] = [k, v].map(({ elements }) =>
      this.#wide(elements, "gradient of keys or values in fp32")
    );
    const own = this.#sizes.kvHeads > 1
      ? [k, v].map(({ elements }) =>
        m.grad(null, elements, dtype, "keys and values by head")
      )
      : [];
    let gathered: Grad | null = null;
    let block: Grad[] = [];
    let sent: Grad | null = null;
    let travelling: Grad | null = null;
    for (const [at, step] of this.#steps.entries()) {
      if (at === 1) this.#free(own.splice(0));
      if (at < this.#ring.ranks - 1) {
        const joined = m.grad(null, both, dtype, "keys and values");
        gathered ??= m.grad(
          null,
          both * this.#ring.ranks,
          dtype,
          "keys and values of all ranks",
        );
        m.free(joined);
      }
      const made = this.#block(step);
      this.#free(block);
      block = made;
      if (travelling !== null) {
        if (sent) m.free(sent);
        sent = null;
        this.#free(toPair);
        toPair = [];
        // Halves are added in place, and put together with the other halves.
        if (step === "half of the keys") {
          toPair = [k, v].map(({ elements }) =>
            this.#wide(elements, "gradient of keys or values in fp32")
          );
        }
      }
      const previous: Grad | null = travelling;
      const next = this.#wide(both, "gradients of keys and values");
      if (sent) m.free(sent);
      sent = next;
      travelling = this.#wide(both, "gradients that go around");
      // What came is held as long as the gradients are views of it.
      if (previous) m.free(previous);
      if (step !== "half of the queries") continue;
      const whole = this.#wide(q.elements, "gradient of queries in fp32");
      m.free(toQueries);
      toQueries = whole;
    }
    const given = m.grad(q.source, q.elements, dtype, "gradient of queries");
    const pair = m.grad(null, both, dtype, "gradient of keys and values");
    this.#free([toQueries, ...toPair, ...block]);
    this.#free([gathered, sent, travelling].flatMap((each) => each ?? []));
    const shares = [k, v].map(({ elements, source }) =>
      source && { ...m.share(pair), elements }
    );
    m.free(pair);
    if (q.source) return [given, ...shares];
    m.free(given);
    return [null, ...shares];
  }

  /** What the kernel gives for a step's keys and values. */
  #block(step: RingStep | null): Grad[] {
    const m = this.#m;
    const [q, k, v] = this.#heads;
    const share = (half: RingStep) => step === half ? 2 : 1;
    const keys = share("half of the keys");
    const queries = share("half of the queries");
    const dtype = step === null ? "fp32" : q.dtype;
    const made = [
      m.grad(null, q.elements / queries, dtype, "gradient of queries"),
      m.grad(null, k.elements / keys, dtype, "gradient of keys"),
      m.grad(null, v.elements / keys, dtype, "gradient of values"),
    ];
    if (m.workspaces && step !== null) {
      const sizes = {
        ...this.#sizes,
        queries: this.#sizes.queries / queries,
        keys: this.#sizes.keys / keys,
      };
      const flash = q.dtype !== "fp32";
      takeWithin(m, workspaces(sizes, DTYPE_BYTES[q.dtype], flash));
    }
    return made;
  }

  #wide(elements: number, label: string): Grad {
    return this.#m.grad(null, elements, "fp32", label);
  }

  #free(grads: readonly Grad[]): void {
    for (const grad of grads) this.#m.free(grad);
  }
}
