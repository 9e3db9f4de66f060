import { DEFAULT_SCENARIO, leavesOf } from "../lib/mod.ts";
import { PAGE_FIELDS } from "../templates/form/page_fields.ts";

/** Names that a field's path begins with: model, task, train … */
const SECTIONS = Object.keys(DEFAULT_SCENARIO);

/** Last names of fields, which somebody may take for the whole. */
const LAST = new Set(
  leavesOf({ ...DEFAULT_SCENARIO, model: "" })
    .map(({ path }) => path.slice(path.lastIndexOf(".") + 1)),
);

/** What pages have beside a scenario's fields. */
const OWN = new Set<string>([
  ...Object.values(PAGE_FIELDS),
  // /tables
  ...["dtype", "batch_size", "sequence_length", "lora_rank", "count"],
  // /traffic, /export, /largest
  ...["node_gbs", "network_gbs", "format", "field"],
  // /compare
  ...["add", "at"],
]);

/**
 * The parameters of a page's address without those that others add to it, such
 * as `ref`, `utm_source` and `gclid`: names that are no field and resemble none.
 * A name with a dot or a bracket is meant for a field, and stays to be refused.
 */
export function pageParameters(url: string): URLSearchParams {
  const { searchParams } = new URL(url);
  return new URLSearchParams(
    [...searchParams].filter(([name]) => !isForeign(name)),
  );
}

/** Whether a name has nothing to do with any page. */
export function isForeign(name: string): boolean {
  if (/^[._]/.test(name)) return true;
  if (/[.[]/.test(name) || OWN.has(name) || LAST.has(name)) return false;
  return !/^[sn]\d$/.test(name) && !SECTIONS.includes(name) &&
    !SECTIONS.some((section) => resembles(name, section));
}

/** Whether a name may be a slip of another: one letter, of a long one two. */
function resembles(name: string, other: string): boolean {
  const most = other.length > 5 ? 2 : 1;
  if (Math.abs(name.length - other.length) > most) return false;
  const plain = name.toLowerCase();
  // Each letter that is nowhere is an edit: most names end here.
  let missing = 0;
  for (const letter of other) if (!plain.includes(letter)) missing++;
  return missing <= most && editsBetween(plain, other) <= most;
}

/** Letters to change, add, leave out or swap with the next one. */
function editsBetween(a: string, b: string): number {
  const rows = Array.from(
    { length: a.length + 1 },
    (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i === 0 ? j : i),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] &&
        a[i - 2] === b[j - 1];
      const row = rows[i];
      if (!row) continue;
      row[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + same,
        swapped ? at(i - 2, j - 2) + 1 : Infinity,
      );
    }
  }
  return at(a.length, b.length);
}
