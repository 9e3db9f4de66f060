import { HubStopped } from "./hub_error.ts";
import type { Turns } from "./turns.ts";

/** What a fetch takes turns by. */
export type TurnTaker = Pick<Turns, "take" | "give">;

/**
 * The turns of one look-up: one that is its own, so that no other look-up can
 * hold it up, and as many of the shared ones as it gets.
 */
export class TurnsOfOne implements TurnTaker {
  readonly #shared: TurnTaker;
  #ownIsFree = true;
  #borrowed = 0;
  readonly #waiting = new Set<{ own: boolean; stop: AbortController }>();

  constructor(shared: TurnTaker) {
    this.#shared = shared;
  }

  /**
   * Waits for a turn. Who takes one gives it back.
   *
   * @throws {HubStopped} When the signal comes first.
   */
  async take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw new HubStopped();
    if (this.#ownIsFree) {
      this.#ownIsFree = false;
      return;
    }
    const waiter = { own: false, stop: new AbortController() };
    this.#waiting.add(waiter);
    try {
      await this.#shared.take(
        signal
          ? AbortSignal.any([signal, waiter.stop.signal])
          : waiter.stop.signal,
      );
      // Both came at once.
      if (waiter.own) this.#shared.give();
      else this.#borrowed++;
    } catch (error) {
      if (!waiter.own) throw error;
    } finally {
      this.#waiting.delete(waiter);
    }
    if (waiter.own && signal?.aborted) {
      this.give();
      throw new HubStopped();
    }
  }

  /** Gives a turn back. */
  give(): void {
    if (this.#borrowed > 0) {
      this.#borrowed--;
      this.#shared.give();
      return;
    }
    const [next] = this.#waiting;
    if (!next) {
      this.#ownIsFree = true;
      return;
    }
    this.#waiting.delete(next);
    next.own = true;
    next.stop.abort();
  }
}
