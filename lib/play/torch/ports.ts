import type { StorageId, Tape } from "../memory/tape.ts";
import type { ReadyGradient } from "./parameter_gradients.ts";
import type { Parameter, Value } from "./values.ts";

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

/** What is noted of a parameter that is read. */
interface Read {
  readonly storage: StorageId;
  readonly at: number;
  isSaved: boolean;
  backwardAt: number | null;
}

/** The parameters that a machine's program reads. */
export class ParameterPorts {
  readonly #tape: Tape;
  readonly #read = new Map<Parameter, Read>();
  /** By their storages; most storages are no parameter's. */
  readonly #byStorage: (Read | undefined)[] = [];

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** A parameter as a tensor, which the program does not own. */
  valueOf(parameter: Parameter): Value {
    return {
      storage: this.storageOf(parameter),
      elements: parameter.elements,
      dtype: parameter.dtype,
      source: parameter.trains ? parameter : null,
      held: false,
    };
  }

  /** A parameter's storage. The tape counts no bytes of it: it is not the block's. */
  storageOf(parameter: Parameter): StorageId {
    const known = this.#read.get(parameter);
    if (known) return known.storage;
    const at = this.#tape.events.length;
    const storage = this.#tape.external(0, parameter.name, "weights");
    const read = { storage, at, isSaved: false, backwardAt: null };
    this.#read.set(parameter, read);
    while (this.#byStorage.length < storage) this.#byStorage.push(undefined);
    this.#byStorage.push(read);
    return storage;
  }

  /** Notes that autograd saves a storage, whosever it is. */
  save(storage: StorageId): void {
    const read = this.#byStorage[storage];
    if (read) read.isSaved = true;
  }

  /** Notes that an operation runs backwards, by what it had saved. */
  reach(saved: readonly StorageId[]): void {
    for (const storage of saved) {
      const read = this.#byStorage[storage];
      if (read) read.backwardAt ??= this.#tape.events.length;
    }
  }

  /** @param readyOf The gradient of each. */
  all(
    readyOf: (parameter: Parameter) => ReadyGradient | null,
  ): ParameterPort[] {
    return [...this.#read].map(([parameter, { at, isSaved, backwardAt }]) => ({
      parameter,
      at,
      isSaved,
      backwardAt,
      gradient: readyOf(parameter),
    }));
  }
}
