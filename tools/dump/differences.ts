/** A place where two answers are not the same. */
export interface Changed {
  /** Such as "estimate.memory.parts[2].bytes". */
  path: string;
  /** Undefined where there is nothing. */
  before: unknown;
  after: unknown;
}

/** Lists where two JSON values differ; order of keys counts. */
export function differencesBetween(
  before: unknown,
  after: unknown,
  path = "",
): Changed[] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from(
      { length: Math.max(before.length, after.length) },
      (_, at) => differencesBetween(before[at], after[at], `${path}[${at}]`),
    ).flat();
  }
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const within = [...keys].flatMap((key) =>
    differencesBetween(
      before[key],
      after[key],
      path === "" ? key : `${path}.${key}`,
    )
  );
  const [were, are] = [before, after].map((each) =>
    Object.keys(each).join(", ")
  );
  return within.length > 0 || were === are
    ? within
    : [{ path: `${path} (order of keys)`, before: were, after: are }];
}

/** A path without numbers of places, for what changed alike in many. */
export function kindOfPath(path: string): string {
  return path.replaceAll(/\[\d+\]/g, "[]");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
