/** A release's first two numbers. */
export type Release = readonly [major: number, minor: number];

/** A release's first two numbers; null for none, or for no such number. */
export function versionOf(
  release: string | null,
): { major: number; minor: number } | null {
  const [, major, minor] = release?.match(/^(\d+)\.(\d+)/) ?? [];
  return major === undefined || minor === undefined
    ? null
    : { major: Number(major), minor: Number(minor) };
}

/** Whether a release is of a version or newer; one that is not said is the newest. */
export function isFrom(
  release: string | null,
  [major, minor]: Release,
): boolean {
  const said = versionOf(release);
  return said === null || said.major > major ||
    (said.major === major && said.minor >= minor);
}
