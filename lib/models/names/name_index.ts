import type { PlainName } from "./plain_name.ts";
import { plainName } from "./plain_name.ts";

/** What a release's name may have behind the model's own. */
const RELEASE =
  /^(?:a\d+(?:\.\d+)?b|instruct|chat|it|base|pt|hf|thinking|preview|bf16|\d{4}|v\d(?:\.\d+)?)+$/;
/** Releases that a name which tells none means less, by how much less. */
const LESS: readonly (readonly [release: RegExp, by: number])[] = [
  [/thinking|preview/, 50],
  [/base|pt$/, 100],
];
/** The same of what somebody made from a model. */
const LESS_MADE = 200;
/** What people add to names of models that have but one release. */
const ADDED = /(?:instruct|chat|it|base|pt|hf|bf16)$/;
/** Shorter ones are families or nothing. */
const MIN_LENGTH = 5;

interface Indexed<Entry> extends PlainName {
  readonly entry: Entry;
}

/** Finds models by their names as people write them. */
export class NameIndex<
  Entry extends { readonly id: string; readonly taken_for?: string },
> {
  readonly #entries: readonly Indexed<Entry>[];
  readonly #bySquashed = new Map<string, Indexed<Entry>[]>();

  /**
   * @param entries In the order in which one of two of a name is taken.
   * @param short Further names, with the ids that they stand for.
   */
  constructor(
    entries: readonly Entry[],
    short: Readonly<Record<string, string>>,
  ) {
    this.#entries = entries.map((entry) => ({ ...plainName(entry.id), entry }));
    for (const indexed of this.#entries) this.#add(indexed.squashed, indexed);
    const byId = new Map(
      this.#entries.map((indexed) => [indexed.entry.id, indexed]),
    );
    for (const [name, id] of Object.entries(short)) {
      const indexed = byId.get(id);
      if (indexed) this.#add(plainName(name).squashed, indexed);
    }
  }

  #add(squashed: string, indexed: Indexed<Entry>): void {
    const others = this.#bySquashed.get(squashed);
    if (others) others.push(indexed);
    else this.#bySquashed.set(squashed, [indexed]);
  }

  /**
   * The model of a name: by its words whatever stands between them; then by the
   * release that it leaves out; then without what it adds. An owner has to be the
   * model's own.
   */
  find(name: string): Entry | null {
    const { owner, squashed } = plainName(name);
    if (squashed === "") return null;
    const isOwn = (indexed: Indexed<Entry>): boolean =>
      owner === "" || indexed.owner === owner;
    const same = this.#bySquashed.get(squashed)?.find(isOwn);
    if (same) return same.entry;
    if (squashed.length < MIN_LENGTH) return null;
    return this.#released(squashed, isOwn) ??
      this.#bySquashed.get(squashed.replace(ADDED, ""))?.find(isOwn)?.entry ??
      null;
  }

  #released(
    squashed: string,
    isOwn: (indexed: Indexed<Entry>) => boolean,
  ): Entry | null {
    let best: { indexed: Indexed<Entry>; rank: number } | null = null;
    for (const indexed of this.#entries) {
      if (!indexed.squashed.startsWith(squashed) || !isOwn(indexed)) continue;
      const release = indexed.squashed.slice(squashed.length);
      if (!RELEASE.test(release)) continue;
      // Of two that are as near the later one, as releases count up.
      const rank = LESS.reduce(
        (sum, [less, by]) => less.test(release) ? sum + by : sum,
        release.length +
          (indexed.entry.taken_for === undefined ? 0 : LESS_MADE),
      );
      if (best === null || rank <= best.rank) best = { indexed, rank };
    }
    return best?.indexed.entry ?? null;
  }
}
