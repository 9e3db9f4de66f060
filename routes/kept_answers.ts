import { LRUCache } from "lru-cache";

/** Bytes that were sent, plain or packed; at least one of the two is there. */
export interface KeptAnswer {
  headers: Record<string, string>;
  plain: Uint8Array<ArrayBuffer> | null;
  gzip: Uint8Array<ArrayBuffer> | null;
}

/** Bytes of all answers that are kept: a few hundred of the usual length. */
const MAX_BYTES = 8 * 1024 ** 2;
/** Bytes of one of them: the longest page has half of that. */
const MAX_ENTRY_BYTES = 256 * 1024;
/** Bytes that an entry takes beside its contents, about. */
const ENTRY_BYTES = 512;

/**
 * The answers that were asked for last, up to a number of bytes: the examples,
 * and what many people share.
 */
export class KeptAnswers {
  readonly #kept: LRUCache<string, KeptAnswer>;

  /** @param maxBytes Of all that is kept. */
  constructor(maxBytes: number = MAX_BYTES) {
    this.#kept = new LRUCache({
      maxSize: maxBytes,
      maxEntrySize: MAX_ENTRY_BYTES,
      sizeCalculation: sizeOf,
    });
  }

  /** The answer under a key. */
  get(key: string): KeptAnswer | undefined {
    return this.#kept.get(key);
  }

  /** Keeps an answer in the place of another, unless it is too large. */
  set(key: string, answer: KeptAnswer): void {
    this.#kept.set(key, answer);
  }

  /** How many answers are kept, and in how many bytes. */
  get size(): { entries: number; bytes: number } {
    return { entries: this.#kept.size, bytes: this.#kept.calculatedSize };
  }
}

/** A text has up to two bytes a character. */
function sizeOf({ headers, plain, gzip }: KeptAnswer, key: string): number {
  const texts = [key, ...Object.entries(headers).flat()];
  return texts.reduce(
    (sum, text) => sum + 2 * text.length,
    ENTRY_BYTES + (plain?.length ?? 0) + (gzip?.length ?? 0),
  );
}
