import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { CALLER } from "./caller.ts";
import type { AskOptions, LookUp, LookUps } from "./look_up.ts";

/** Visitors whose look-ups are kept, each with little; the rest ask again. */
const MAX_VISITORS = 50;
/** Milliseconds for which that is. */
const KEPT_MS = 3600_000;

/**
 * Look-ups of visitors who have signed in. What everybody may see is looked up
 * for all; what is gated, once more for each visitor alone, with a token and a
 * memory of its own: what one may see is never another's answer.
 */
export class VisitorLookUps implements LookUps {
  readonly #forAll: LookUps;
  readonly #open: (token: string) => LookUps;
  readonly #own = new LRUCache<string, LookUps>({
    max: MAX_VISITORS,
    ttl: KEPT_MS,
  });

  /** @param open Makes the look-ups of one token. */
  constructor(forAll: LookUps, open: (token: string) => LookUps) {
    this.#forAll = forAll;
    this.#open = open;
  }

  async ask(name: string, options: AskOptions): Promise<LookUp | null> {
    const found = await this.#forAll.ask(name, options);
    const { token } = CALLER.getStore() ?? {};
    return token !== undefined && found?.gated
      ? await this.#of(token).ask(name, options)
      : found;
  }

  #of(token: string): LookUps {
    const key = createHash("sha256").update(token).digest("base64url");
    const kept = this.#own.get(key);
    if (kept) return kept;
    const opened = this.#open(token);
    this.#own.set(key, opened);
    return opened;
  }
}
