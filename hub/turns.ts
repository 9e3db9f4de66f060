import { HubStopped } from "./hub_error.ts";

/** Lets so many through at once; the others wait in order. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(free: number) {
    this.#free = free;
  }

  /**
   * Waits for a turn. Who takes one gives it back.
   *
   * @throws {HubStopped} When the signal comes first.
   */
  async take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw new HubStopped();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = (): void => {
      this.#waiting.delete(resolve);
      reject(new HubStopped());
    };
    this.#waiting.add(resolve);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Gives a turn back. */
  give(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else this.#free++;
  }
}

/**
 * Waits so long.
 *
 * @throws {HubStopped} When the signal comes first.
 */
export async function pause(
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) throw new HubStopped();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(new HubStopped());
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
