import { shown } from "./problem.ts";

/** What has to hold of another field for a field to mean anything. */
export type Need =
  | {
    /** Dotted path of the other field. */
    path: string;
    /** Its values with which the field matters; null is one as well. */
    is: readonly unknown[];
    /** Why not, where the other field's value does not say it. */
    because?: string;
  }
  | { path: string; not: readonly unknown[]; because?: string }
  | { path: string; like: RegExp; because?: string }
  /** Any of these is enough, each a list of which all have to hold. */
  | { any: readonly (readonly Need[])[]; because: string };

/** Gives the value of a field, or the text that stands for it in a form. */
export type ValueAt = (path: string) => unknown;

/** Whether what a field needs is so. Values are compared as texts, as forms send them. */
export function holds(need: Need, valueAt: ValueAt): boolean {
  if ("any" in need) {
    return need.any.some((all) => all.every((each) => holds(each, valueAt)));
  }
  const text = textOf(valueAt(need.path));
  if ("is" in need) return need.is.some((value) => textOf(value) === text);
  if ("not" in need) return need.not.every((value) => textOf(value) !== text);
  return need.like.test(text);
}

/** Why a field means nothing; null where all that it needs is so. */
export function whyMeaningless(
  needs: readonly Need[],
  valueAt: ValueAt,
): string | null {
  const missing = needs.find((need) => !holds(need, valueAt));
  if (!missing) return null;
  if ("any" in missing) return missing.because;
  if (missing.because !== undefined) return missing.because;
  return "is" in missing && missing.is.every((value) => value === null)
    ? `${missing.path} is given`
    : `${missing.path} is ${shown(valueAt(missing.path))}`;
}

/** The fields that these needs look at. */
export function pathsOf(needs: readonly Need[]): string[] {
  return needs.flatMap((need) =>
    "any" in need ? need.any.flatMap(pathsOf) : [need.path]
  );
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
