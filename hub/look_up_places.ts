/** A look-up as the places see it. */
export interface Placed {
  readonly client: string;
  /** When the Hub last answered it, or it was begun; in milliseconds. */
  readonly movedAt: number;
  /** Begins it. */
  begin(): void;
  /** Ends it, for a reason that goes on after "model cannot be looked up". */
  giveUp(reason: string): void;
}

/** How many look-ups are under way, and how many wait. */
export interface PlaceLimits {
  /** Look-ups under way at once. */
  underWay: number;
  /** Look-ups that wait for a place; beyond it the one that waits longest goes. */
  waiting: number;
  /**
   * Milliseconds without an answer of the Hub after which a look-up gives its
   * place to one that waits.
   */
  patienceMs: number;
}

/** What tells the time; tests have one of their own. */
export interface Clock {
  now(): number;
  /** Runs something later; what it returns calls that off. */
  after(milliseconds: number, run: () => void): () => void;
}

export const CLOCK: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Who is looked up now. Where there are more than places, the client with the
 * fewest under way comes first and of its look-ups the newest, whose asker is
 * the likeliest to be there still; who has not been answered for a while gives
 * way. So models that do not answer never hold up one that does for long.
 */
export class LookUpPlaces {
  readonly #limits: PlaceLimits;
  readonly #clock: Clock;
  readonly #underWay = new Set<Placed>();
  /** In the order of their coming. */
  readonly #waiting = new Set<Placed>();
  #callOff: (() => void) | null = null;

  constructor(limits: PlaceLimits, clock: Clock = CLOCK) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Begins a look-up, now or when there is a place for it. */
  enter(one: Placed): void {
    this.#waiting.add(one);
    this.#fill();
    const { waiting, underWay } = this.#limits;
    const [longest] = this.#waiting;
    if (this.#waiting.size <= waiting || !longest) return;
    this.#waiting.delete(longest);
    longest.giveUp(
      `now: at most ${underWay} models are looked up at once and ${waiting} wait, and more are asked for; try again in a moment`,
    );
  }

  /** Takes out a look-up that is over or that nobody waits for. */
  leave(one: Placed): void {
    if (!this.#waiting.delete(one) && !this.#underWay.delete(one)) return;
    this.#fill();
  }

  #fill(): void {
    this.#callOff?.();
    this.#callOff = null;
    const { underWay, patienceMs } = this.#limits;
    for (let next = this.#next(); next; next = this.#next()) {
      if (this.#underWay.size >= underWay) {
        const slowest = [...this.#underWay].reduce((a, b) =>
          b.movedAt < a.movedAt ? b : a
        );
        const rest = slowest.movedAt + patienceMs - this.#clock.now();
        if (rest > 0) {
          this.#callOff = this.#clock.after(rest, () => this.#fill());
          return;
        }
        this.#underWay.delete(slowest);
        slowest.giveUp(
          `now: the Hub did not answer for ${
            patienceMs / 1000
          } seconds, and others wait; try again in a moment`,
        );
      }
      this.#waiting.delete(next);
      this.#underWay.add(next);
      next.begin();
    }
  }

  #next(): Placed | undefined {
    const running = new Map<string, number>();
    for (const { client } of this.#underWay) {
      running.set(client, (running.get(client) ?? 0) + 1);
    }
    let best: Placed | undefined;
    let fewest = Infinity;
    for (const one of this.#waiting) {
      const its = running.get(one.client) ?? 0;
      if (its > fewest) continue;
      best = one;
      fewest = its;
    }
    return best;
  }
}
