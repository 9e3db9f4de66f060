import type { Dtype } from "./dtype.ts";
import { DTYPE_BYTES } from "./dtype.ts";
import type { PartName } from "../../answer/parts.ts";
import { Tape } from "../memory/tape.ts";
import { Graph } from "./graph.ts";
import type { KeptOutputs } from "./kept_outputs.ts";
import type { LinearHow } from "./linear_how.ts";
import type { MachineSettings } from "./machine_settings.ts";
import { Marks } from "./marks.ts";
import { ParameterGradients } from "./parameter_gradients.ts";
import type { ParameterPort } from "./ports.ts";
import { ParameterPorts } from "./ports.ts";
import { SavedOffload } from "./saved_offload.ts";
import { savedBy } from "./saving.ts";
import type { Again, Grad, Node, Parameter } from "./values.ts";
import type { PassEnds, Source, Value } from "./values.ts";

/**
 * Runs a model's code on tensors that have sizes and lifetimes but no contents:
 * references of the program, what autograd saves, gradients, autocast's cache.
 */
export class Machine {
  readonly tape = new Tape();
  readonly marks = new Marks(this.tape);
  part: PartName = "residual stream";
  recording = true;
  /** Whether variables hold tensors to their function's end: nothing else may. */
  followsVariables = false;
  /** What a checkpoint keeps of operations' outputs; null: nothing. */
  outputs: KeptOutputs | null = null;
  readonly linears: LinearHow | null;
  /** Where saved tensors wait; null: they stay. */
  readonly offload: SavedOffload | null;
  autocast: Dtype | null;
  readonly workspaces: boolean;
  readonly savesInputs: boolean;
  #locals = new Set<Value>();
  readonly #casts = new Map<Parameter, Value>();
  readonly ends: PassEnds = { body: [], forward: [] };
  readonly #cachesCasts: boolean;
  readonly #gradients: ParameterGradients;
  #graph: Graph;
  readonly #ports = new ParameterPorts(this.tape);
  /** The tape's events and storages when an operation last saved. */
  lastSave: readonly [events: number, storages: number] = [0, 0];
  constructor(
    {
      autocast = null,
      workspaces = true,
      cachesCasts = true,
      savesInputs = false,
      records = true,
      offload = null,
      linears = null,
      ...gradients
    }: MachineSettings = {},
  ) {
    this.#cachesCasts = cachesCasts;
    this.autocast = autocast;
    this.workspaces = workspaces;
    [this.savesInputs, this.linears] = [savesInputs, linears];
    [this.recording, this.followsVariables] = [records, !records];
    this.#gradients = new ParameterGradients(this.tape, gradients);
    this.offload = offload && new SavedOffload(this.tape, offload);
    const graph = [this.tape, this.#gradients, this.#ports] as const;
    this.#graph = new Graph(...graph, this.offload);
  }

  /** The gradient so far of the parameter that another block began, or awaits. */
  waitingFor(parameter: Parameter): Grad | null {
    return this.#gradients.waitingFor(parameter);
  }
  /** Where the program meets its parameters, in the order of their first use. */
  ports(): ParameterPort[] {
    return this.#ports.all((parameter) => this.#gradients.readyOf(parameter));
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
    this.tape.retain(storage);
    return this.#local({
      storage,
      elements,
      dtype,
      source,
      held: true,
      ...changed,
    });
  }

  /** A parameter as a tensor. */
  parameter(parameter: Parameter): Value {
    return this.#ports.valueOf(parameter);
  }

  /** Ends the program's hold on a tensor. */
  drop(...values: Value[]): void {
    for (const value of values) {
      if (value.held) this.tape.release(value.storage);
      value.held = false;
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
      ...savedBy(saved, this.tape, this.#ports, this.offload),
      grads: new Array<null>(outputs).fill(null),
      backward,
    };
    const { events: { length }, bytes } = this.tape;
    if (node.saves) this.lastSave = [length, bytes.length];
    for (const source of node.inputs) {
      if (source && "trains" in source) this.#gradients.expect(source);
    }
    this.#graph.add(node);
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
  free({ storage }: Grad): void {
    this.tape.release(storage);
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
  giveBack(value: Value, until: keyof PassEnds = "forward"): void {
    this.ends[until].push(this.drop.bind(this, this.keep(this.view(value))));
  }

  /** Ends a forward pass: autograd alone holds casts and what was given back. */
  endForward(): void {
    this.offload?.wait();
    this.drop(...this.#casts.values());
    this.#casts.clear();
    for (const end of this.ends.forward.splice(0)) end();
  }

  /**
   * Takes back what was made since something was saved last: a checkpointed layer
   * that runs again stops there.
   *
   * Source: pytorch torch/utils/checkpoint.py, _StopRecomputationError
   */
  stopAtLastSave(): void {
    this.tape.forget(...this.lastSave);
  }

  /** Runs code again within a backward pass, with a backward pass of its own. */
  again(body: () => readonly Value[]): Again {
    const outer = this.#graph;
    this.#graph = outer.fresh();
    const again = this.#graph.ended(body());
    this.#graph = outer;
    return again;
  }

  /** Runs code whose gradients of parameters, where held, are not all. */
  holdingBack(isHeld: boolean, body: () => void): void {
    this.#gradients.holdingBack(isHeld, body);
  }

  /** An input of the program whose gradient the caller wants. */
  input(): Node {
    const none = { inputs: [], saved: [], saves: false };
    return { ...none, grads: [null], backward: () => [] };
  }

  /** {@linkcode Machine.backwardOfAll} of one result. */
  backward(root: Value, grad: Grad): number {
    return this.backwardOfAll([[root, grad]]);
  }

  /** As {@linkcode Graph.backwardOfAll} has it. */
  backwardOfAll(roots: readonly (readonly [Value, Grad | null])[]): number {
    return this.#graph.backwardOfAll(roots);
  }
  #local(value: Value): Value {
    this.#locals.add(value);
    return value;
  }
}
