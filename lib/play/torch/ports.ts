import type { StorageId, Tape } from "../memory/tape.ts";
import type { ReadyGradient } from "./parameter_gradients.ts";
import type { Parameter } from "./values.ts";

/**
 * Where a recorded block meets one of its parameters: whoever plays the block says
 * what memory stands behind it.
 */
export interface ParameterPort {
  readonly parameter: Parameter;
  /** How many events of the tape come before it is read first. */
  readonly at: number;
  /** Whether autograd saves it for the backward pass. */
  readonly isSaved: boolean;
  /**
   * How many events of the tape come before the first operation runs backwards that
   * saved it; null where none does.
   */
  readonly backwardAt: number | null;
  /** Its gradient, where one reaches it. */
  readonly gradient: ReadyGradient | null;
}

/** The parameters that a machine's program reads. */
export class ParameterPorts {
  readonly #tape: Tape;
  readonly #read = new Map<Parameter, { storage: StorageId; at: number }>();
  readonly #saved = new Set<StorageId>();
  readonly #reached = new Map<StorageId, number>();

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** A parameter's storage. The tape counts no bytes of it: it is not the block's. */
  storageOf(parameter: Parameter): StorageId {
    const known = this.#read.get(parameter);
    if (known) return known.storage;
    const at = this.#tape.events.length;
    const storage = this.#tape.external(0, parameter.name, "weights");
    this.#read.set(parameter, { storage, at });
    return storage;
  }

  /** Notes that autograd saves a storage, whosever it is. */
  save(storage: StorageId): void {
    this.#saved.add(storage);
  }

  /** Notes that an operation runs backwards, by what it had saved. */
  reach(saved: readonly StorageId[]): void {
    for (const storage of saved) {
      if (this.#reached.has(storage)) continue;
      this.#reached.set(storage, this.#tape.events.length);
    }
  }

  /** @param readyOf The gradient of each. */
  all(
    readyOf: (parameter: Parameter) => ReadyGradient | null,
  ): ParameterPort[] {
    return [...this.#read].map(([parameter, { storage, at }]) => ({
      parameter,
      at,
      isSaved: this.#saved.has(storage),
      backwardAt: this.#reached.get(storage) ?? null,
      gradient: readyOf(parameter),
    }));
  }
}
