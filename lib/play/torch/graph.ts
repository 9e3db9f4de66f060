import type { StorageId, Tape } from "../memory/tape.ts";
import { DTYPE_BYTES } from "./dtype.ts";
import type { ParameterGradients } from "./parameter_gradients.ts";
import type { ParameterPorts } from "./ports.ts";
import type { SavedOffload } from "./saved_offload.ts";
import type { Again, Grad, Node, Source, Value } from "./values.ts";

/** What the operations keep that tensors were made by, back to the inputs. */
export function savedBehind(sources: readonly (Source | null)[]): StorageId[] {
  const seen = new Set<Node>();
  const waiting = [...sources];
  for (const source of waiting) {
    if (!source || "trains" in source || seen.has(source.node)) continue;
    seen.add(source.node);
    waiting.push(...source.node.inputs);
  }
  return [...seen].flatMap(({ saved }) => saved);
}

/** What autograd remembers of a program, and its run backwards. */
export class Graph {
  readonly #tape: Tape;
  readonly #gradients: ParameterGradients;
  readonly #ports: ParameterPorts;
  readonly #nodes: Node[] = [];
  readonly #offload: SavedOffload | null;

  constructor(
    tape: Tape,
    gradients: ParameterGradients,
    ports: ParameterPorts,
    offload: SavedOffload | null = null,
  ) {
    this.#offload = offload;
    this.#tape = tape;
    this.#gradients = gradients;
    this.#ports = ports;
  }

  /** Another program's, on the same tape. */
  fresh(): Graph {
    return new Graph(
      this.#tape,
      this.#gradients,
      this.#ports,
      this.#offload,
    );
  }

  /** Remembers an operation. */
  add(node: Node): void {
    this.#nodes.push(node);
  }

  /**
   * Runs the backward pass of all that was recorded, last operation first.
   *
   * @param roots Its results and what came back to each; null of one without.
   * @returns How many events there were when one first read what it had saved.
   */
  backwardOfAll(roots: readonly (readonly [Value, Grad | null])[]): number {
    let read: number | null = null;
    for (const [{ source }, grad] of roots) {
      if (grad) this.#deliver(source, grad);
    }
    for (const node of this.#nodes.toReversed()) {
      if (node.saves) read ??= this.#tape.events.length;
      this.#run(node);
    }
    this.#nodes.length = 0;
    this.#offload?.end();
    return read ?? this.#tape.events.length;
  }

  /** What the program gave, and the backward pass of all that was recorded. */
  ended(outs: readonly Value[]): Again {
    return {
      outs,
      backward: (grads) =>
        void this.backwardOfAll(
          outs.map((out, at) => [out, grads[at] ?? null]),
        ),
    };
  }

  #run(node: Node): void {
    const reached = node.grads.some((grad) => grad !== null);
    if (reached) this.#ports.reach(node.saved);
    const back = reached && node.away
      ? this.#offload?.bringBack(node.away) ?? []
      : [];
    const here = (saved: StorageId) =>
      back[node.away?.findIndex(({ storage }) => storage === saved) ?? -1] ??
        saved;
    const given = reached ? node.backward(node.grads, here) : [];
    for (const grad of node.grads) if (grad) this.#free(grad);
    node.grads.fill(null);
    for (const storage of node.saved) this.#tape.release(storage);
    this.#offload?.done(back);
    for (let at = 0; at < given.length; at++) {
      const grad = given[at];
      if (!grad) continue;
      this.#deliver(node.inputs[at] ?? null, grad.finish?.() ?? grad);
    }
  }

  #deliver(to: Source | null, grad: Grad): void {
    if (to === null) this.#free(grad);
    else if ("trains" in to) this.#gradients.accumulate(to, grad);
    else {
      const waiting = to.node.grads[to.slot] ?? null;
      to.node.grads[to.slot] = waiting ? this.#sum(waiting, grad) : grad;
    }
  }

  /** Autograd adds in place where one of the two is referred to once only. */
  #sum(waiting: Grad, grad: Grad): Grad {
    const tape = this.#tape;
    if (tape.references(waiting.storage) === 1) {
      this.#free(grad);
      return waiting;
    }
    if (tape.references(grad.storage) === 1) {
      this.#free(waiting);
      return grad;
    }
    const { elements, dtype } = grad;
    const storage = tape.allocate(
      elements * DTYPE_BYTES[dtype],
      "sum of gradients",
      "activation gradients",
    );
    this.#free(waiting);
    this.#free(grad);
    return { storage, elements, dtype };
  }

  #free({ storage }: Grad): void {
    this.#tape.release(storage);
  }
}
