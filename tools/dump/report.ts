import type { Changed } from "./differences.ts";
import { differencesBetween, kindOfPath } from "./differences.ts";
import type { Line } from "./file.ts";

/** Differences that are shown of a case, cases shown, and groups of paths. */
const [OF_CASE, CASES, GROUPS] = [5, 40, 60];

/** Longest value that is shown. */
const LONGEST = 160;

/** What differs between two dumps, gathered case by case. */
export class Report {
  #same = 0;
  readonly #changed: { id: string; changes: Changed[] }[] = [];

  /** Compares the answer to a case with the one before; null where it has none. */
  add(id: string, before: Line | null, after: Line | null): void {
    if (before && after && before.hash === after.hash) {
      this.#same++;
      return;
    }
    this.#changed.push({
      id,
      changes: before && after
        ? differencesBetween(before.answer, after.answer)
        : [{
          path: before ? "(no longer asked)" : "(not asked before)",
          before: before ? "a case" : undefined,
          after: after ? "a case" : undefined,
        }],
    });
  }

  /** Whether anything differs. */
  get differs(): boolean {
    return this.#changed.length > 0;
  }

  /** What there is to say, a line each. */
  lines(): string[] {
    const all = this.#same + this.#changed.length;
    if (!this.differs) return [`${all} answers, all the same`];
    return [
      ...this.#changed.slice(0, CASES).flatMap(caseLines),
      ...(this.#changed.length > CASES
        ? [`... and ${this.#changed.length - CASES} more cases`]
        : []),
      "",
      "By path: differences, cases",
      ...this.#groups(),
      "",
      `${all} answers, ${this.#changed.length} differ`,
    ];
  }

  #groups(): string[] {
    const groups = new Map<string, { count: number; cases: Set<string> }>();
    for (const { id, changes } of this.#changed) {
      for (const { path } of changes) {
        const kind = kindOfPath(path);
        const group = groups.get(kind) ?? { count: 0, cases: new Set() };
        group.count++;
        group.cases.add(id);
        groups.set(kind, group);
      }
    }
    return [...groups]
      .toSorted(([, a], [, b]) => b.cases.size - a.cases.size)
      .slice(0, GROUPS)
      .map(([kind, { count, cases }]) =>
        `${String(count).padStart(8)} ${
          String(cases.size).padStart(6)
        }  ${kind}`
      );
  }
}

function caseLines(
  { id, changes }: { id: string; changes: Changed[] },
): string[] {
  return [
    id,
    ...changes.slice(0, OF_CASE).map(({ path, before, after }) =>
      `  ${path}: ${shown(before)} -> ${shown(after)}`
    ),
    ...(changes.length > OF_CASE
      ? [`  ... and ${changes.length - OF_CASE} more`]
      : []),
  ];
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
