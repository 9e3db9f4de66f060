import type { Clock } from "../../hub/look_up_places.ts";

/** How often the clock looks, in milliseconds. */
const TICK_MS = 100;

/** Something whose processor time is counted. */
export interface Busy {
  /** Milliseconds that it has computed so far. */
  busyMs: number;
}

/**
 * Counts the processor time of each request that is being computed. A thread's
 * own time cannot be read from another one: what the process has used since the
 * last look is shared out among those that compute. So a request never counts
 * more than the wall clock, and where the machine is busy with other programs,
 * only what it has really had.
 */
export class BusyClock {
  readonly #clock: Clock;
  readonly #processMs: () => number;
  readonly #onTick: () => void;
  readonly #computing = new Set<Busy>();
  #others = 0;
  #at = 0;
  #process = 0;
  #callOff: (() => void) | null = null;

  /**
   * @param processMs Milliseconds of processor time that the process has used.
   * @param onTick Told when time has been counted while something computes.
   */
  constructor(clock: Clock, processMs: () => number, onTick: () => void) {
    this.#clock = clock;
    this.#processMs = processMs;
    this.#onTick = onTick;
  }

  /** Something begins to compute, or goes on. */
  start(one: Busy): void {
    this.#count();
    this.#computing.add(one);
    this.#callOff ??= this.#clock.after(TICK_MS, () => this.#tick());
  }

  /** Something has nothing to compute for now, or is over. */
  stop(one: Busy): void {
    this.#count();
    this.#computing.delete(one);
    if (this.#computing.size > 0) return;
    this.#callOff?.();
    this.#callOff = null;
  }

  /** So many threads compute what is nobody's: they start, or are being ended. */
  addOthers(threads: number): void {
    this.#count();
    this.#others += threads;
  }

  #tick(): void {
    this.#callOff = this.#clock.after(TICK_MS, () => this.#tick());
    this.#count();
    this.#onTick();
  }

  #count(): void {
    const now = this.#clock.now();
    const used = this.#processMs();
    const share = (used - this.#process) /
      Math.max(1, this.#computing.size + this.#others);
    const passed = Math.min(now - this.#at, share);
    for (const one of this.#computing) one.busyMs += passed;
    this.#at = now;
    this.#process = used;
  }
}
