/** A release's first two numbers; null for none, or for no such number. */
export function versionOf(
  release: string | null,
): { major: number; minor: number } | null {
  const [, major, minor] = release?.match(/^(\d+)\.(\d+)/) ?? [];
  return major === undefined || minor === undefined
    ? null
    : { major: Number(major), minor: Number(minor) };
}
