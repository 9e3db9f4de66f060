import type { Clock } from "../../hub/look_up_places.ts";

/** How much of the costly each client may have. */
export interface BudgetLimits {
  /** Milliseconds of processor time that a client may use at once. */
  burstMs: number;
  /** Milliseconds of it that come back every second. */
  refillMs: number;
  /** What takes less than that is free, in milliseconds. */
  freeMs: number;
  /** Clients that are remembered; the one unused longest goes first. */
  clients: number;
}

export const BUDGET_LIMITS: BudgetLimits = {
  burstMs: 60_000,
  refillMs: 500,
  freeMs: 100,
  clients: 10_000,
};

/** Longest name of a client: an IPv6 address has 39 characters. */
const MAX_NAME = 64;

/**
 * What each client has used of the costly lately. Ordinary requests are free,
 * however many: they are cheaper to answer than to refuse.
 */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #clock: Pick<Clock, "now">;
  readonly #spent = new Map<string, { milliseconds: number; at: number }>();

  constructor(limits: BudgetLimits, clock: Pick<Clock, "now">) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Milliseconds that a client has used and that have not come back yet. */
  spentBy(client: string): number {
    const entry = this.#spent.get(client.slice(0, MAX_NAME));
    if (!entry) return 0;
    const back = (this.#clock.now() - entry.at) * this.#limits.refillMs / 1000;
    return Math.max(0, entry.milliseconds - back);
  }

  /** Counts what a client has used. */
  charge(client: string, milliseconds: number): void {
    if (milliseconds < this.#limits.freeMs) return;
    const name = client.slice(0, MAX_NAME);
    const spent = this.spentBy(name) + milliseconds;
    // The map's order is that of the last use.
    this.#spent.delete(name);
    this.#spent.set(name, { milliseconds: spent, at: this.#clock.now() });
    if (this.#spent.size <= this.#limits.clients) return;
    const [oldest] = this.#spent.keys();
    if (oldest !== undefined) this.#spent.delete(oldest);
  }

  /** Seconds until a client may ask again; 0 where it may now. */
  waitSeconds(client: string): number {
    const over = this.spentBy(client) - this.#limits.burstMs;
    return over < 0 ? 0 : Math.max(1, Math.ceil(over / this.#limits.refillMs));
  }
}
