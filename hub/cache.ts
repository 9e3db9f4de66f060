import type { Result } from "../lib/mod.ts";

/** Keeps what was loaded last, and lets callers of the same thing share one load. */
export class LoadCache<T> {
  readonly #kept = new Map<string, T>();
  readonly #underWay = new Map<string, Promise<Result<T>>>();
  readonly #limit: number;

  /** @param limit How many are kept; the one unused longest goes first. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is kept under a key. */
  get(key: string): T | undefined {
    const value = this.#kept.get(key);
    if (value !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, value);
    }
    return value;
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
      if (result.ok) this.#keep(key, result.value);
      return result;
    } finally {
      this.#underWay.delete(key);
    }
  }

  #keep(key: string, value: T): void {
    this.#kept.set(key, value);
    if (this.#kept.size <= this.#limit) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}
