import type { Model, Problem, Result } from "../lib/mod.ts";
import { bytesOf } from "./bytes_of.ts";
import type { Clock, Placed } from "./look_up_places.ts";
import { isGated } from "./gated.ts";
import type { LookUp, Wanted } from "./look_up.ts";
import type { Hub } from "./mod.ts";

/** What {@linkcode UnderWay} needs to look one model up. */
export interface UnderWayOptions {
  name: string;
  wanted: Wanted;
  /** Whose place it takes. */
  client: string;
  hub: Hub;
  clock: Clock;
  longestMs: number;
  /** Told once that the Hub is asked. */
  onLookUp: (() => void) | undefined;
  /** Told once that it is over, and whether that is the Hub's word or ours. */
  over(failed: "here" | "there" | null): void;
}

/** One look-up, who waits for it, and what came of it. */
export class UnderWay implements Placed {
  readonly client: string;
  movedAt: number;
  /** When it was over, in milliseconds. */
  endedAt = 0;
  result: Result<Model> | null = null;
  /** Of the result, about. */
  bytes = 0;
  #done = 0;
  #total: number | null = null;
  /** Those who wait for it now. */
  #waiting = 0;
  /** When somebody last left to ask again later. */
  #askedAt = -Infinity;
  #callOff: (() => void) | null = null;
  readonly #stop = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  readonly #options: UnderWayOptions;

  constructor(options: UnderWayOptions) {
    this.#options = options;
    this.client = options.client;
    this.movedAt = options.clock.now();
  }

  /** As it stands now. */
  state(): LookUp {
    const { name, wanted } = this.#options;
    return {
      name,
      headers: wanted.headers ?? false,
      done: this.#done,
      total: this.#total,
      result: this.result,
      gated: this.result !== null && isGated(this.result),
    };
  }

  /** Whether somebody waits for it, or has asked for it a moment ago. */
  isWanted(forgottenMs: number): boolean {
    return this.#waiting > 0 ||
      this.#options.clock.now() - this.#askedAt < forgottenMs;
  }

  /**
   * Waits until it is over, so long, or until the signal comes.
   *
   * @param milliseconds Null: until it is over.
   */
  async wait(
    milliseconds: number | null,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const leave = (): void => resolve();
    const callOff = milliseconds === null
      ? null
      : clock.after(milliseconds, leave);
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted) leave();
    this.#waiting++;
    await Promise.race([this.#finished.promise, promise]);
    this.#waiting--;
    callOff?.();
    signal?.removeEventListener("abort", leave);
    // Who waits for a moment only asks again.
    if (milliseconds !== null) this.#askedAt = clock.now();
  }

  begin(): void {
    const { clock, longestMs, name, onLookUp } = this.#options;
    onLookUp?.();
    this.movedAt = clock.now();
    this.#callOff = clock.after(longestMs, () =>
      this.#end(
        `: reading ${name} takes more than ${longestMs / 1000} seconds`,
        "there",
      ));
    void this.#run();
  }

  giveUp(reason: string): void {
    this.#end(` ${reason}`, "here");
  }

  #end(reason: string, failed: "here" | "there"): void {
    this.#stop.abort();
    this.#settle(failure(`cannot be looked up${reason}`), failed);
  }

  async #run(): Promise<void> {
    const { clock, hub, name, wanted } = this.#options;
    const moved = (): void => {
      this.movedAt = clock.now();
    };
    try {
      const result = await hub.model(name, {
        ...wanted,
        signal: this.#stop.signal,
        onAnswer: moved,
        onProgress: (done, total) => {
          this.#done = done;
          this.#total = total ?? null;
          moved();
        },
      });
      this.#settle(result, result.ok ? null : "there");
    } catch (error) {
      if (!this.#stop.signal.aborted) console.error(error);
      this.#settle(
        failure("cannot be looked up: something broke here"),
        "there",
      );
    }
  }

  #settle(result: Result<Model>, failed: "here" | "there" | null): void {
    if (this.result) return;
    this.result = result;
    this.bytes = bytesOf(result);
    this.endedAt = this.#options.clock.now();
    this.#callOff?.();
    this.#finished.resolve();
    this.#options.over(failed);
  }
}

function failure(reason: string): { ok: false; problems: [Problem] } {
  return {
    ok: false,
    problems: [{
      path: "model",
      message: `model ${reason}`,
    }],
  };
}
