import { callersFlags, unset, unsetIn } from "./unset.ts";

/** Longest text that variables expand to; it stops those that repeat others. */
export const MAX_EXPANDED: number = 1 << 14;

/** What a script has set so far. */
export class Variables {
  readonly #values = new Map<string, readonly string[]>();
  readonly #arrays = new Set<string>();
  /** By a variable, which others have to be known for it to have a value. */
  readonly #waits = new Map<string, readonly string[]>();
  /** Flags that a variable may hold, where others decide whether it does. */
  readonly #flags = new Map<string, readonly string[]>();

  /** @param given What the caller of the script sets, by name. */
  constructor(readonly given: ReadonlyMap<string, string> = new Map()) {
    for (const [name, text] of given) this.#values.set(name, [text]);
  }

  /** The words of a variable or an array; undefined where nothing sets it. */
  get(name: string): readonly string[] | undefined {
    return this.#values.get(name);
  }

  isArray(name: string): boolean {
    return this.#arrays.has(name);
  }

  /**
   * Sets a variable. One that only takes over what the caller hands on, such as
   * `TP=$1`, stays unset, and is asked for by its own name.
   */
  set(name: string, words: readonly string[], array = false): void {
    const text = words.join(" ");
    const names = unsetIn(text);
    const hands = !array && names.length === 1 &&
      (text === unset(names[0] ?? "") && /^\d*$/.test(names[0] ?? ""));
    if (hands || this.given.has(name) && names.length > 0) {
      if (!this.given.has(name)) this.#values.delete(name);
      return;
    }
    this.#values.set(name, words.map((word) => word.slice(0, MAX_EXPANDED)));
    if (array) this.#arrays.add(name);
    else this.#arrays.delete(name);
  }

  append(name: string, words: readonly string[], array: boolean): void {
    const before = this.#values.get(name) ?? [];
    if (array) this.set(name, [...before, ...words].slice(-MAX_EXPANDED), true);
    else this.set(name, [`${before.join(" ")}${words.join(" ")}`]);
  }

  /** A variable that gets its value where others have one that is not known. */
  wait(name: string, others: readonly string[], text = ""): void {
    const flags = [...text.matchAll(/(?:^|\s)--([A-Za-z][\w-]*)/g)]
      .map(([, flag = ""]) => flag.replaceAll("_", "-"));
    if (!this.#values.has(name) && flags.length > 0) {
      this.#flags.set(name, [...this.#flags.get(name) ?? [], ...flags]);
    }
    if (!this.#values.has(name) && !this.#waits.has(name)) {
      this.#waits.set(name, others.filter((other) => other !== name));
    }
  }

  /** Stands for a variable that has no value: for those that it waits for. */
  unsetOf(name: string, depth = 0): string {
    const others = this.#waits.get(name);
    const flags = this.#flags.get(name);
    if (flags && others && others.length > 0) {
      return callersFlags({ names: [...others], flags: [...flags] });
    }
    if (!others || others.length === 0 || depth > 8) return unset(name);
    return others.map((other) => this.unsetOf(other, depth + 1)).join("");
  }

  /** Every variable's words, for scripts that only gather flags. */
  all(): string[] {
    return [...this.#values].flatMap(([name, words]) =>
      this.#arrays.has(name)
        ? [...words]
        : words.flatMap((word) =>
          word.split(/\s+/).filter((each) => each !== "")
        )
    );
  }

  /** Variables and their texts. */
  entries(): [string, string][] {
    return [...this.#values].map(([name, words]) => [name, words.join(" ")]);
  }
}
