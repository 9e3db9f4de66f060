import type { StorageId, Tape } from "../memory/tape.ts";
import { DTYPE_BYTES } from "./dtype.ts";
import type { Begun, Grad, Parameter } from "./values.ts";

/** What happens to the gradient of a parameter. */
export type Accumulation =
  /** It becomes the parameter's `grad`. */
  | "keep"
  /** It is added to a `grad` that is there already, and freed. */
  | "add"
  /** The optimizer takes it within the backward pass, and it is freed. */
  | "consume";

/** How gradients of parameters end. */
export interface GradientSettings {
  readonly accumulation: Accumulation;
  /** A tied embedding, whose gradient the head began... */
  readonly begun: Begun | null;
  /** ...and will be added to, for the head. */
  readonly awaited: Parameter | null;
  /** Bytes that the optimizer takes to step one parameter, where it consumes. */
  readonly stepBytes: (parameter: Parameter) => number;
}

const USUAL: GradientSettings = {
  accumulation: "keep",
  begun: null,
  awaited: null,
  stepBytes: () => 0,
};

/** A parameter's whole gradient, and when it is there. */
export interface ReadyGradient {
  readonly storage: StorageId;
  /** How many events of the tape come before. */
  readonly at: number;
}

/** Gradients of parameters, each the sum of all that operations give for it. */
export class ParameterGradients {
  readonly #tape: Tape;
  readonly #settings: GradientSettings;
  /** Gradients that are to come for each parameter, and their sum so far. */
  readonly #coming = new Map<Parameter, number>();
  readonly #waiting = new Map<Parameter, Grad>();
  readonly #ready = new Map<Parameter, ReadyGradient>();
  /** Whether what comes now will be added to. */
  #isHeldBack = false;

  constructor(tape: Tape, settings: Partial<GradientSettings>) {
    this.#tape = tape;
    this.#settings = { ...USUAL, ...settings };
    const { begun } = this.#settings;
    if (begun === null) return;
    const { elements, dtype, name } = begun.parameter;
    const storage = tape.external(
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

  /** The whole gradient; null of a parameter that none has reached. */
  readyOf(parameter: Parameter): ReadyGradient | null {
    return this.#ready.get(parameter) ?? null;
  }

  /** Runs code whose gradients of parameters, where they are held, are not all. */
  holdingBack(isHeld: boolean, body: () => void): void {
    const before = this.#isHeldBack;
    this.#isHeldBack = isHeld;
    body();
    this.#isHeldBack = before;
  }

  /** Notes that one more operation will give a gradient. */
  expect(parameter: Parameter): void {
    this.#coming.set(parameter, (this.#coming.get(parameter) ?? 0) + 1);
  }

  /** A parameter's gradients are summed until the last has come. */
  accumulate(parameter: Parameter, grad: Grad): void {
    const { awaited, accumulation, stepBytes } = this.#settings;
    const waiting = this.#waiting.get(parameter);
    const whole = waiting ? this.#total(parameter, waiting, grad) : grad;
    const coming = (this.#coming.get(parameter) ?? 1) - 1;
    this.#coming.set(parameter, coming);
    this.#waiting.set(parameter, whole);
    if (coming > 0 || awaited === parameter || this.#isHeldBack) return;
    this.#waiting.delete(parameter);
    const { storage } = whole;
    this.#ready.set(parameter, { storage, at: this.#tape.events.length });
    if (accumulation === "keep") return;
    if (accumulation === "consume") {
      const taken = this.#tape.allocate(
        stepBytes(parameter),
        `optimizer's tensors for ${parameter.name}`,
        "optimizer temporaries",
      );
      this.#tape.release(taken);
    }
    this.#tape.release(storage);
  }

  /**
   * Source: pytorch torch/csrc/autograd/input_buffer.cpp, accumulate: into the
   * first where nobody else refers to its memory.
   */
  #total(parameter: Parameter, waiting: Grad, grad: Grad): Grad {
    const tape = this.#tape;
    if (!waiting.isView) {
      tape.release(grad.storage);
      return waiting;
    }
    const { elements, dtype } = grad;
    const isLeaf = parameter.dtype === dtype;
    const storage = tape.allocate(
      elements * DTYPE_BYTES[dtype],
      isLeaf ? `gradient of ${parameter.name}` : "sum of gradients",
      isLeaf ? "gradients" : "activation gradients",
    );
    tape.release(waiting.storage);
    tape.release(grad.storage);
    return { storage, elements, dtype };
  }
}
