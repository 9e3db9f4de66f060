import type { PartName } from "../../answer/parts.ts";
import type { StorageId, Tape } from "../memory/tape.ts";
import type { Dtype } from "./dtype.ts";
import { DTYPE_BYTES } from "./dtype.ts";

/** How saved tensors go to the host and come back. */
export interface OffloadHow {
  /** Whether copies run on a stream of their own, beside the kernels. */
  readonly beside: boolean;
  /**
   * Whether a tensor that was saved before is kept where it is: while its copy is
   * on its way, or from then on; null: it is copied once more.
   */
  readonly keepsShared: "on its way" | "always" | null;
}

/** What is saved: a tensor, whose storage others may view too. */
interface Saved {
  readonly storage: StorageId;
  readonly elements: number;
  readonly dtype: Dtype;
}

/** A saved tensor whose memory is the host's until its operation runs backwards. */
export interface Away {
  /** The tensor that was saved, which is freed meanwhile. */
  readonly storage: StorageId;
  readonly bytes: number;
  readonly label: string;
  readonly part: PartName;
  readonly number: number;
}

/** Smaller tensors stay: `min_offload_size`. */
const LEAST_BYTES = 1024;

/** Copies that are on their way at once: `max_fwd_stash_size`. */
const MOST_ON_THEIR_WAY = 5;

/**
 * Saved tensors that wait on the host for the backward pass, but for parameters. Those
 * whose copies run beside the kernels stay until five more are saved, and come back
 * until the next operation that had such tensors has run.
 *
 * Source: huggingface/trl 1.16.0 trl/models/activation_offloading.py,
 * OffloadActivations; pytorch/torchtune 0.6.1
 * torchtune/training/_activation_offloading.py, which has it from there
 */
export class SavedOffload {
  /** What the host holds when the forward pass ends. */
  hostBytes = 0;
  #stay = false;
  readonly #tape: Tape;
  readonly #how: OffloadHow;
  #saved = 0;
  /** By number, the tensors whose copies are on their way. */
  readonly #going = new Map<number, StorageId>();
  /** Tensors that were saved, by storage and type, and the last number of each. */
  readonly #known = new Map<string, number>();
  #back: StorageId[] = [];

  constructor(tape: Tape, how: OffloadHow) {
    this.#tape = tape;
    this.#how = how;
  }

  /** Runs code whose saved tensors stay. */
  without<T>(body: () => T): T {
    const before = this.#stay;
    this.#stay = true;
    const result = body();
    this.#stay = before;
    return result;
  }

  /** What becomes of a tensor that is saved: it goes, or stays (null). */
  save({ storage, elements, dtype }: Saved): Away | null {
    if (this.#stay) return null;
    const number = ++this.#saved;
    const bytes = elements * DTYPE_BYTES[dtype];
    const key = `${storage} ${dtype}`;
    const { beside, keepsShared } = this.#how;
    if (this.#known.has(key)) {
      this.#known.set(key, number);
      return null;
    }
    // No bytes of a tape are parameters', which stay.
    if (bytes < LEAST_BYTES || this.#tape.bytes[storage] === 0) return null;
    if (keepsShared === "always") this.#known.set(key, number);
    if (beside) {
      for (const [each] of this.#going) {
        if (each <= number - MOST_ON_THEIR_WAY) this.#arrive(each);
      }
      this.#tape.retain(storage);
      this.#going.set(number, storage);
      if (keepsShared === "on its way") this.#known.set(key, number);
    }
    this.hostBytes += bytes;
    return {
      storage,
      bytes,
      label: `${this.#tape.labels[storage]}, back from the host`,
      part: this.#tape.parts[storage] ?? "residual stream",
      number,
    };
  }

  /** A copy has been made: its tensor stands no longer for that. */
  #arrive(number: number): void {
    const storage = this.#going.get(number);
    if (storage === undefined) return;
    this.#going.delete(number);
    this.#tape.release(storage);
    if (this.#how.keepsShared !== "on its way") return;
    for (const [key, last] of this.#known) {
      if (last === number) this.#known.delete(key);
    }
  }

  /** Waits for all copies. */
  wait(): void {
    for (const [number] of this.#going) this.#arrive(number);
  }

  /** Brings back what an operation had saved. */
  bringBack(away: readonly Away[]): StorageId[] {
    return away.map(({ bytes, label, part, number }) => {
      const going = this.#going.get(number);
      if (going === undefined) return this.#tape.allocate(bytes, label, part);
      this.#tape.retain(going);
      return going;
    });
  }

  /** An operation that something came back for has run. */
  done(back: readonly StorageId[]): void {
    if (back.length === 0) return;
    if (!this.#how.beside) return this.#free(back);
    this.wait();
    this.#free(this.#back);
    this.#back = [...back];
  }

  /** The backward pass is over. */
  end(): void {
    this.#free(this.#back);
    this.#back = [];
  }

  #free(storages: readonly StorageId[]): void {
    for (const storage of storages) this.#tape.release(storage);
  }
}

/** Runs code whose saved tensors stay on the device, wherever others wait. */
export function keepingSaved<T>(
  { offload }: { readonly offload: SavedOffload | null },
  body: () => T,
): T {
  return offload ? offload.without(body) : body();
}
