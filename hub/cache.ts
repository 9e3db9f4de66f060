import { LRUCache } from "lru-cache";
import type { Result } from "../lib/mod.ts";
import { bytesOf } from "./bytes_of.ts";

/** Keeps what was loaded last, and lets callers of the same thing share one load. */
export class LoadCache<T extends object> {
  readonly #kept: LRUCache<string, T>;
  readonly #underWay = new Map<string, Promise<Result<T>>>();

  /**
   * @param maxBytes Of all that is kept, about; what was unused longest goes
   *   first, and what is larger by itself is not kept.
   */
  constructor(maxBytes: number) {
    this.#kept = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (value, key) => bytesOf(value) + 2 * key.length,
    });
  }

  /** How many are kept, and in how many bytes, about. */
  get size(): { entries: number; bytes: number } {
    return { entries: this.#kept.size, bytes: this.#kept.calculatedSize };
  }

  /** What is kept under a key. */
  get(key: string): T | undefined {
    return this.#kept.get(key);
  }

  /** What is kept under a key, or else is loaded; failures are not kept. */
  async load(key: string, load: () => Promise<Result<T>>): Promise<Result<T>> {
    const value = this.get(key);
    if (value !== undefined) return { ok: true, value };
    const shared = this.#underWay.get(key);
    if (shared) return await shared;
    const loading = load();
    this.#underWay.set(key, loading);
    try {
      const result = await loading;
      if (result.ok) this.#kept.set(key, result.value);
      return result;
    } finally {
      this.#underWay.delete(key);
    }
  }
}
