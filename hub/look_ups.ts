import type { Model, Problem, Result } from "../lib/mod.ts";
import type { Hub, LookUpOptions } from "./mod.ts";

/** One model being looked up, or what came of it. */
export interface LookUp {
  readonly name: string;
  /** Whether the checkpoint's headers are read in any case. */
  readonly headers: boolean;
  /** Files of the checkpoint whose headers have been read. */
  readonly done: number;
  /** Files that there are; null before the headers are read. */
  readonly total: number | null;
  /** Null while it is under way. */
  readonly result: Result<Model> | null;
  /** Settles when it is over; never rejects. */
  readonly finished: Promise<void>;
}

/** How much {@linkcode LookUps} takes on. */
export interface LookUpLimits {
  /** Look-ups under way at once. */
  underWay: number;
  /** Milliseconds after which one that nobody asks for is stopped. */
  forgottenMs: number;
  /** Milliseconds for which a failure is told again without asking the Hub. */
  failureMs: number;
  /** What came of look-ups: that many are kept, the oldest go first. */
  kept: number;
}

const LIMITS: LookUpLimits = {
  underWay: 16,
  forgottenMs: 30_000,
  failureMs: 60_000,
  kept: 200,
};

/** What the options of two look-ups of the same thing have in common. */
type Wanted = Pick<LookUpOptions, "headers" | "gguf">;

interface Entry extends LookUp {
  done: number;
  total: number | null;
  result: Result<Model> | null;
  finished: Promise<void>;
  askedAt: number;
  readonly stop: AbortController;
}

/**
 * Keeps look-ups going between requests, so that a page can ask how far one is:
 * callers of the same model share one, and what nobody asks for is stopped.
 */
export class LookUps {
  readonly #hub: Hub;
  readonly #limits: LookUpLimits;
  readonly #entries = new Map<string, Entry>();

  constructor(hub: Hub, limits: Partial<LookUpLimits> = {}) {
    this.#hub = hub;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** The look-up of a model, where there is one or its result is known. */
  find(name: string, wanted: Wanted = {}): LookUp | null {
    this.#tidy();
    const entry = this.#entries.get(keyOf(name, wanted));
    if (entry) {
      entry.askedAt = Date.now();
      return entry;
    }
    const model = wanted.headers ? undefined : this.#hub.known(name, wanted);
    return model ? known(name, model) : null;
  }

  /**
   * The look-up of a model, begun where there is none.
   *
   * @param options.anew Whether one that failed is begun anew.
   * @returns The look-up, or why it cannot be begun now.
   */
  start(
    name: string,
    wanted: Wanted = {},
    { anew = false }: { anew?: boolean } = {},
  ): { ok: true; value: LookUp } | { ok: false; problems: Problem[] } {
    const found = this.find(name, wanted);
    if (found && !(anew && found.result?.ok === false)) {
      return { ok: true, value: found };
    }
    const { underWay } = this.#limits;
    const busy = [...this.#entries.values()]
      .filter(({ result }) => result === null).length;
    if (busy >= underWay) {
      return {
        ok: false,
        problems: [{
          path: "model",
          message:
            `model cannot be looked up now: at most ${underWay} models are looked up at once, and ${busy} are; try again in a moment`,
        }],
      };
    }
    return { ok: true, value: this.#begin(name, wanted) };
  }

  #begin(name: string, wanted: Wanted): LookUp {
    const entry: Entry = {
      name,
      headers: wanted.headers ?? false,
      done: 0,
      total: null,
      result: null,
      finished: Promise.resolve(),
      askedAt: Date.now(),
      stop: new AbortController(),
    };
    const key = keyOf(name, wanted);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.finished = this.#run(entry, wanted);
    return entry;
  }

  async #run(entry: Entry, wanted: Wanted): Promise<void> {
    try {
      entry.result = await this.#hub.model(entry.name, {
        ...wanted,
        signal: entry.stop.signal,
        onProgress: (done, total) => {
          entry.done = done;
          entry.total = total ?? null;
        },
      });
    } catch (error) {
      if (!entry.stop.signal.aborted) console.error(error);
      entry.result = {
        ok: false,
        problems: [{
          path: "model",
          message: "model cannot be looked up: something broke here",
        }],
      };
    } finally {
      entry.askedAt = Date.now();
    }
  }

  /** Stops what nobody asks for, forgets old failures and what is too much. */
  #tidy(): void {
    const { forgottenMs, failureMs, kept } = this.#limits;
    const now = Date.now();
    for (const [key, entry] of this.#entries) {
      const age = now - entry.askedAt;
      const { result } = entry;
      if (result === null ? age < forgottenMs : result.ok || age < failureMs) {
        continue;
      }
      entry.stop.abort();
      this.#entries.delete(key);
    }
    for (const [key, { result }] of this.#entries) {
      if (this.#entries.size <= kept) break;
      if (result !== null) this.#entries.delete(key);
    }
  }
}

function keyOf(name: string, { headers = false, gguf }: Wanted): string {
  return JSON.stringify([name.trim(), headers, gguf ?? null]);
}

function known(name: string, model: Model): LookUp {
  return {
    name,
    headers: false,
    done: 0,
    total: null,
    result: { ok: true, value: model },
    finished: Promise.resolve(),
  };
}
