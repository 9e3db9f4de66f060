/** What stands at a dotted path; undefined where nothing does. */
export function leafAt(value: object, path: string): unknown {
  let inner: unknown = value;
  for (const key of path.split(".")) {
    if (typeof inner !== "object" || inner === null) return undefined;
    inner = (inner as Record<string, unknown>)[key];
  }
  return inner;
}
