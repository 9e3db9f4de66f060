import type { Dtype } from "./dtype.ts";
import { DTYPE_BYTES } from "./dtype.ts";
import type { PartName } from "../../answer/parts.ts";
import type { StorageId } from "../memory/tape.ts";
import { roundedBytes, Tape } from "../memory/tape.ts";

/** A parameter: resident, and a leaf of the graph where it trains. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly dtype: Dtype;
  readonly trains: boolean;
}

/** A tensor as a program holds it; views of a tensor share its storage. */
export interface Value {
  readonly storage: StorageId;
  readonly elements: number;
  readonly dtype: Dtype;
  /** Where its gradient goes; null when it needs none. */
  source: Source | null;
  /** Whether the program still refers to it. */
  held: boolean;
}

/** A gradient on its way; it owns one reference to its storage. */
export interface Grad {
  readonly storage: StorageId;
  readonly elements: number;
  readonly dtype: Dtype;
  /** Whether it is a view of what was computed: autograd never adds into it. */
  readonly isView?: boolean;
  /** Brings it to its input's size and type, once what was saved is freed. */
  readonly finish?: () => Grad;
}

/** A parameter whose gradient another block began. */
export interface Begun {
  readonly parameter: Parameter;
  readonly isView: boolean;
}

/** What a gradient flows to: an output of an operation, or a parameter. */
export type Source = { readonly node: Node; readonly slot: number } | Parameter;

/** An operation as autograd remembers it. */
export interface Node {
  readonly inputs: readonly (Source | null)[];
  readonly saved: readonly StorageId[];
  /** Whether it saves anything, a parameter included. */
  readonly saves: boolean;
  readonly grads: (Grad | null)[];
  /** Takes the outputs' gradients, gives one to each input that needs one. */
  readonly backward: (grads: readonly (Grad | null)[]) => (Grad | null)[];
}

/** What happens to the gradient of a parameter. */
export type Accumulation =
  /** It becomes the parameter's `grad`. */
  | "keep"
  /** It is added to a `grad` that is there already, and freed. */
  | "add"
  /** The optimizer takes it within the backward pass, and it is freed. */
  | "consume";

/** How a machine runs. */
export interface MachineSettings {
  autocast?: Dtype | null;
  accumulation?: Accumulation;
  /** Whether memory that kernels take inside themselves is counted too. */
  workspaces?: boolean;
  /** A tied embedding, whose gradient the head began... */
  begun?: Begun | null;
  /** ...and will be added to, for the head. */
  awaited?: Parameter | null;
  /** Bytes that the optimizer takes to step one parameter, where it consumes. */
  stepBytes?: (parameter: Parameter) => number;
  /** Whether autocast keeps its copies of weights; of views of them it does not. */
  cachesCasts?: boolean;
}

/** The storage of parameters, which are resident all the time. */
const RESIDENT: StorageId = -1;

/**
 * Runs a model's code on tensors that have sizes and lifetimes but no contents:
 * references of the program, what autograd saves, gradients, autocast's cache.
 */
export class Machine {
  readonly tape = new Tape();
  /** The part that allocations belong to. */
  part: PartName = "residual stream";
  /** Whether operations are remembered for the backward pass. */
  recording = true;
  readonly autocast: Dtype | null;
  readonly workspaces: boolean;
  readonly #accumulation: Accumulation;
  readonly #nodes: Node[] = [];
  #locals = new Set<Value>();
  readonly #casts = new Map<Parameter, Value>();
  readonly #given: Value[] = [];
  readonly #awaited: Parameter | null;
  readonly #cachesCasts: boolean;
  readonly #stepBytes: (parameter: Parameter) => number;
  /** The tape's events and storages when an operation last saved something. */
  #lastSave: readonly [events: number, storages: number] = [0, 0];
  /** Gradients that are to come for each parameter, and their sum so far. */
  readonly #coming = new Map<Parameter, number>();
  readonly #waiting = new Map<Parameter, Grad>();

  constructor(
    {
      autocast = null,
      accumulation = "keep",
      workspaces = true,
      begun = null,
      awaited = null,
      stepBytes = () => 0,
      cachesCasts = true,
    }: MachineSettings = {},
  ) {
    this.#awaited = awaited;
    this.#stepBytes = stepBytes;
    this.#cachesCasts = cachesCasts;
    this.autocast = autocast;
    this.workspaces = workspaces;
    this.#accumulation = accumulation;
    if (begun === null) return;
    const { elements, dtype, name } = begun.parameter;
    const storage = this.tape.external(
      elements * DTYPE_BYTES[dtype],
      `gradient of ${name}`,
      "gradients",
    );
    const { isView } = begun;
    this.#waiting.set(begun.parameter, { storage, elements, dtype, isView });
  }

  /** The gradient so far of the parameter that another block began, or awaits. */
  waitingFor(parameter: Parameter): Grad | null {
    return this.#waiting.get(parameter) ?? null;
  }

  /** Runs code whose allocations belong to a part. */
  within<T>(part: PartName, body: () => T): T {
    const before = this.part;
    this.part = part;
    const result = body();
    this.part = before;
    return result;
  }

  /** Runs a function of the program: its local tensors are dropped at its end. */
  call(body: () => Value): Value {
    const outer = this.#locals;
    this.#locals = new Set();
    const result = body();
    for (const local of this.#locals) if (local !== result) this.drop(local);
    this.#locals = outer;
    if (result.held) outer.add(result);
    return result;
  }

  /** A new tensor. */
  create(
    elements: number,
    dtype: Dtype,
    label: string,
    source: Source | null = null,
    part: PartName = this.part,
  ): Value {
    const bytes = elements * DTYPE_BYTES[dtype];
    const storage = this.tape.allocate(bytes, label, part);
    return this.#local({ storage, elements, dtype, source, held: true });
  }

  /** A tensor that was there before the program began. */
  external(
    elements: number,
    dtype: Dtype,
    label: string,
    source: Source | null,
    part: PartName = this.part,
  ): Value {
    const bytes = elements * DTYPE_BYTES[dtype];
    const storage = this.tape.external(bytes, label, part);
    return { storage, elements, dtype, source, held: true };
  }

  /** Another tensor on the same storage. */
  view(
    { storage, elements, dtype, source }: Value,
    changed: { elements?: number; source?: Source | null } = {},
  ): Value {
    if (storage !== RESIDENT) this.tape.retain(storage);
    return this.#local({
      storage,
      elements,
      dtype,
      source,
      held: true,
      ...changed,
    });
  }

  /** Whether a tensor is a part of a larger one. */
  isPart({ storage, elements, dtype }: Value): boolean {
    const whole = this.tape.bytes[storage] ?? 0;
    return whole > roundedBytes(elements * DTYPE_BYTES[dtype]);
  }

  /** A parameter as a tensor. */
  parameter(parameter: Parameter): Value {
    return {
      storage: RESIDENT,
      elements: parameter.elements,
      dtype: parameter.dtype,
      source: parameter.trains ? parameter : null,
      held: false,
    };
  }

  /** Ends the program's hold on a tensor. */
  drop(...values: Value[]): void {
    for (const value of values) {
      if (!value.held) continue;
      value.held = false;
      if (value.storage !== RESIDENT) this.tape.release(value.storage);
    }
  }

  /** Takes a tensor out of the running function's locals: it stays held. */
  keep(value: Value): Value {
    this.#locals.delete(value);
    return value;
  }

  /** Whether an operation on tensors has to be remembered. */
  needsGrad(...inputs: (Value | null)[]): boolean {
    return this.recording && inputs.some((input) => input?.source);
  }

  /**
   * Remembers an operation.
   *
   * @returns Where its output's gradient goes; null when nobody needs one.
   */
  record(
    inputs: readonly (Value | null)[],
    saved: readonly (Value | null)[],
    backward: Node["backward"],
    outputs = 1,
  ): Node | null {
    if (!this.needsGrad(...inputs)) return null;
    const node: Node = {
      inputs: inputs.map((input) => input?.source ?? null),
      saved: saved.flatMap((value) =>
        value && value.storage !== RESIDENT ? [value.storage] : []
      ),
      saves: saved.some((value) => value !== null),
      grads: Array.from({ length: outputs }, () => null),
      backward,
    };
    for (const storage of node.saved) this.tape.retain(storage);
    if (node.saves) {
      this.#lastSave = [this.tape.events.length, this.tape.bytes.length];
    }
    for (const source of node.inputs) {
      if (source === null || !("trains" in source)) continue;
      this.#coming.set(source, (this.#coming.get(source) ?? 0) + 1);
    }
    this.#nodes.push(node);
    return node;
  }

  /** A gradient's memory, for an input. */
  grad(
    to: Source | null,
    elements: number,
    dtype: Dtype,
    label: string,
  ): Grad {
    const bytes = elements * DTYPE_BYTES[dtype];
    const isLeaf = to !== null && "trains" in to && to.dtype === dtype;
    const part = isLeaf ? "gradients" : "activation gradients";
    return {
      storage: this.tape.allocate(
        bytes,
        isLeaf ? `gradient of ${to.name}` : label,
        part,
      ),
      elements,
      dtype,
    };
  }

  /** Memory that lives within one operation. */
  temporary<T>(
    bytes: number,
    label: string,
    body: () => T,
    part: PartName = "activation gradients",
  ): T {
    const storage = this.tape.allocate(bytes, label, part);
    const result = body();
    this.tape.release(storage);
    return result;
  }

  /** The same gradient for another input. */
  share(grad: Grad): Grad {
    this.tape.retain(grad.storage);
    return grad;
  }

  free(grad: Grad): void {
    this.tape.release(grad.storage);
  }

  /** Autocast's copy of a parameter, made once a forward pass. */
  cachedCast(parameter: Parameter, cast: () => Value): Value {
    if (!this.#cachesCasts) return cast();
    const known = this.#casts.get(parameter);
    if (known) return this.view(known);
    const made = cast();
    this.#casts.set(parameter, this.keep(this.view(made)));
    return made;
  }

  /** Holds a tensor until the forward pass ends: the model gives it back. */
  giveBack(value: Value): void {
    this.#given.push(this.keep(this.view(value)));
  }

  /**
   * Ends a forward pass: autocast's copies and what the model gave back are held
   * by autograd alone.
   */
  endForward(): void {
    this.drop(...this.#casts.values(), ...this.#given);
    this.#casts.clear();
    this.#given.length = 0;
  }

  /**
   * Takes back what was made since something was saved last: a checkpointed layer
   * that runs again stops there.
   *
   * Source: pytorch torch/utils/checkpoint.py, _StopRecomputationError
   */
  stopAtLastSave(): void {
    this.tape.forget(...this.#lastSave);
  }

  /** An input of the program whose gradient the caller wants. */
  input(): Node {
    const backward = () => [];
    return { inputs: [], saved: [], saves: false, grads: [null], backward };
  }

  /**
   * Runs the backward pass of all that was recorded, last operation first.
   *
   * @returns How many events there were when one first read what it had saved.
   */
  backward(root: Value, grad: Grad): number {
    let read: number | null = null;
    this.#deliver(root.source, grad);
    for (const node of this.#nodes.toReversed()) {
      if (node.saves) read ??= this.tape.events.length;
      this.#run(node);
    }
    this.#nodes.length = 0;
    return read ?? this.tape.events.length;
  }

  #run(node: Node): void {
    const reached = node.grads.some((grad) => grad !== null);
    const given = reached ? node.backward(node.grads) : [];
    for (const grad of node.grads) if (grad) this.free(grad);
    node.grads.fill(null);
    for (const storage of node.saved) this.tape.release(storage);
    for (const [at, grad] of given.entries()) {
      if (!grad) continue;
      this.#deliver(node.inputs[at] ?? null, grad.finish?.() ?? grad);
    }
  }

  #deliver(to: Source | null, grad: Grad): void {
    if (to === null) this.free(grad);
    else if ("trains" in to) this.#accumulate(to, grad);
    else {
      const waiting = to.node.grads[to.slot] ?? null;
      to.node.grads[to.slot] = waiting ? this.#sum(waiting, grad) : grad;
    }
  }

  /** Autograd adds in place where one of the two is referred to once only. */
  #sum(waiting: Grad, grad: Grad): Grad {
    const { tape } = this;
    if (tape.references(waiting.storage) === 1) {
      this.free(grad);
      return waiting;
    }
    if (tape.references(grad.storage) === 1) {
      this.free(waiting);
      return grad;
    }
    const sum = this.grad(null, grad.elements, grad.dtype, "sum of gradients");
    this.free(waiting);
    this.free(grad);
    return sum;
  }

  /** A parameter's gradients are summed until the last has come. */
  #accumulate(parameter: Parameter, grad: Grad): void {
    const waiting = this.#waiting.get(parameter);
    const whole = waiting ? this.#total(parameter, waiting, grad) : grad;
    const coming = (this.#coming.get(parameter) ?? 1) - 1;
    this.#coming.set(parameter, coming);
    this.#waiting.set(parameter, whole);
    if (coming > 0 || this.#awaited === parameter) return;
    this.#waiting.delete(parameter);
    if (this.#accumulation === "keep") return;
    if (this.#accumulation === "consume") {
      const bytes = this.#stepBytes(parameter);
      const label = `optimizer's tensors for ${parameter.name}`;
      this.temporary(bytes, label, () => null, "optimizer temporaries");
    }
    this.free(whole);
  }

  /**
   * Source: pytorch torch/csrc/autograd/input_buffer.cpp, accumulate: into the
   * first where nobody else refers to its memory.
   */
  #total(parameter: Parameter, waiting: Grad, grad: Grad): Grad {
    if (!waiting.isView) {
      this.free(grad);
      return waiting;
    }
    const { elements, dtype } = grad;
    const sum = this.grad(parameter, elements, dtype, "sum of gradients");
    this.free(waiting);
    this.free(grad);
    return sum;
  }

  #local(value: Value): Value {
    this.#locals.add(value);
    return value;
  }
}
