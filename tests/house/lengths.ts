import type { Sources } from "./sources.ts";

/** Lines that a source may have. */
const MOST_LINES = 300;

/** Why some sources are longer: CONTRIBUTING.md's table of them. */
export function reasonsIn(contributing: string): ReadonlyMap<string, string> {
  const [, section = ""] = contributing.split(/^### Files of more lines\n/m);
  const [table = ""] = section.split(/^#/m);
  return new Map(
    [...table.matchAll(/^\| `([^`]+)` *\| *(\S.*?) *\|$/gm)].map((
      [, path = "", reason = ""],
    ) => [path, reason]),
  );
}

/** Sources that are too long without a reason, and reasons for others. */
export function tooLongIn(
  sources: Sources,
  reasons: ReadonlyMap<string, string>,
): string[] {
  const long = new Map(
    [...sources].map(([path, text]) =>
      [path, text.trimEnd().split("\n").length] as const
    ).filter(([, lines]) => lines > MOST_LINES),
  );
  return [
    ...[...long].filter(([path]) => !reasons.has(path)).map(([path, lines]) =>
      `${path} has ${lines} lines of at most ${MOST_LINES}, and no reason in CONTRIBUTING.md`
    ),
    ...[...reasons.keys()].filter((path) => !long.has(path)).map((path) =>
      `CONTRIBUTING.md gives a reason for ${path}, which needs none`
    ),
  ].sort();
}
