import type { Model, Problem } from "../lib/mod.ts";
import { CALLER } from "./caller.ts";
import type { Clock, PlaceLimits } from "./look_up_places.ts";
import { CLOCK, LookUpPlaces } from "./look_up_places.ts";
import type { AskOptions, LookUp, LookUps, Wanted } from "./look_up.ts";
import type { Hub } from "./mod.ts";
import { UnderWay } from "./under_way.ts";

/** How much {@linkcode LookUpDesk} takes on. */
export interface LookUpLimits extends PlaceLimits {
  /** Longest that one may take in all, in milliseconds. */
  longestMs: number;
  /** Milliseconds after which one that nobody asks for is stopped. */
  forgottenMs: number;
  /** Milliseconds for which a failure is told again without asking the Hub. */
  failureMs: number;
  /** What came of look-ups: that many are kept, the oldest go first. */
  kept: number;
  /** Bytes of them, about, beside those that are asked for again just now. */
  keptBytes: number;
}

const LIMITS: LookUpLimits = {
  underWay: 16,
  waiting: 100,
  patienceMs: 1500,
  longestMs: 60_000,
  forgottenMs: 15_000,
  failureMs: 60_000,
  kept: 200,
  keptBytes: 32 * 1024 ** 2,
};

/**
 * All look-ups of all doors: bounded in number and time, kept going between the
 * requests of a page that watches one, shared by those who ask for the same, and
 * stopped when all who asked have left.
 */
export class LookUpDesk implements LookUps {
  readonly #hub: Hub;
  readonly #limits: LookUpLimits;
  readonly #clock: Clock;
  readonly #places: LookUpPlaces;
  readonly #entries = new Map<string, UnderWay>();

  constructor(
    hub: Hub,
    limits: Partial<LookUpLimits> = {},
    clock: Clock = CLOCK,
  ) {
    this.#hub = hub;
    this.#limits = { ...LIMITS, ...limits };
    this.#clock = clock;
    this.#places = new LookUpPlaces(this.#limits, clock);
  }

  async ask(
    name: string,
    { lookUp, waitMs, ...wanted }: AskOptions,
  ): Promise<LookUp | null> {
    this.#tidy();
    const key = keyOf(name, wanted);
    let entry = this.#entries.get(key);
    const isStale = lookUp === "anew" && entry?.result?.ok === false;
    if (!entry || isStale) {
      const known = wanted.headers ? undefined : this.#hub.known(name, wanted);
      if (known) return found(name, known);
      if (lookUp === "never") return entry?.state() ?? null;
      entry = this.#begin(key, name, wanted);
    }
    if (!entry.result) {
      const { signal } = CALLER.getStore() ?? {};
      await entry.wait(waitMs, signal);
      if (!entry.result && !entry.isWanted(this.#limits.forgottenMs)) {
        this.#stop(key, entry);
      }
    }
    return entry.state();
  }

  #begin(key: string, name: string, wanted: Wanted): UnderWay {
    const { client = "", onLookUp } = CALLER.getStore() ?? {};
    const entry = new UnderWay({
      onLookUp,
      name,
      wanted,
      client,
      hub: this.#hub,
      clock: this.#clock,
      longestMs: this.#limits.longestMs,
      over: (failed) => {
        this.#places.leave(entry);
        // What only had no place, or was stopped, is no fault of the model.
        if (failed === "here" && this.#entries.get(key) === entry) {
          this.#entries.delete(key);
        }
      },
    });
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#places.enter(entry);
    return entry;
  }

  #stop(key: string, entry: UnderWay): void {
    entry.giveUp("any more: nobody waits for it");
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  /** Stops what nobody asks for, forgets old failures and what is too much. */
  #tidy(): void {
    const { forgottenMs, failureMs, kept, keptBytes } = this.#limits;
    for (const [key, entry] of this.#entries) {
      const { result } = entry;
      if (result === null && !entry.isWanted(forgottenMs)) {
        this.#stop(key, entry);
      } else if (
        result?.ok === false && this.#clock.now() - entry.endedAt >= failureMs
      ) this.#entries.delete(key);
    }
    let total = 0;
    for (const { bytes } of this.#entries.values()) total += bytes;
    for (const [key, entry] of this.#entries) {
      const isMany = this.#entries.size > kept;
      if (!isMany && total <= keptBytes) break;
      // What somebody comes back for stays, however large it is.
      const isAsked = !isMany && entry.isWanted(forgottenMs);
      if (entry.result === null || isAsked) continue;
      this.#entries.delete(key);
      total -= entry.bytes;
    }
  }
}

/** Look-ups as a Hub, for those who wait until they have a model. */
export function hubOf(lookUps: LookUps): Hub {
  return {
    known: () => undefined,
    async model(name, { headers = false, gguf } = {}) {
      const lookUp = await lookUps.ask(name, {
        headers,
        gguf,
        lookUp: "once",
        waitMs: null,
      });
      return lookUp?.result ?? { ok: false, problems: unanswered() };
    },
  };
}

function unanswered(): Problem[] {
  return [{ path: "model", message: "model was not looked up" }];
}

function keyOf(name: string, { headers = false, gguf }: Wanted): string {
  return JSON.stringify([name.trim(), headers, gguf ?? null]);
}

function found(name: string, model: Model): LookUp {
  return {
    name,
    headers: false,
    done: 0,
    total: null,
    result: { ok: true, value: model },
  };
}
