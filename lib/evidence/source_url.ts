/** A repository, as "owner/name". */
const REPOSITORY = String.raw`[\w.-]+\/[\w.-]+`;
const COMMIT = String.raw`[0-9a-f]{7,40}`;

/** A repository and a commit of it; "^" means the one before. */
const AT_COMMIT = new RegExp(
  String.raw`(?:^|\(in |via )(${REPOSITORY})(?: history)? @?(${COMMIT})(\^?)`,
);

/** The file that follows a commit. */
const FILE = /: ([^,]+\.[a-z]+)(?=,|$)/;

const THREAD = new RegExp(`^(${REPOSITORY}) (PR|issue) #(\\d+)`);

const BARE = new RegExp(`^(${REPOSITORY}) `);

const HOST = "https://github.com";

/**
 * Where the source of a measured case can be read.
 *
 * @param source As the cases name it: "owner/name @commit: path, row 4".
 * @returns Null where it names no public place.
 */
export function sourceUrl(source: string): string | null {
  const [, at, commit, before] = source.match(AT_COMMIT) ?? [];
  if (at !== undefined && commit !== undefined) {
    const file = before === "" ? source.match(FILE)?.[1] : undefined;
    return file === undefined
      ? `${HOST}/${at}/commit/${commit}`
      : `${HOST}/${at}/blob/${commit}/${encodedPath(file)}`;
  }
  const [, repository, kind, number] = source.match(THREAD) ?? [];
  if (repository !== undefined) {
    return `${HOST}/${repository}/${
      kind === "PR" ? "pull" : "issues"
    }/${number}`;
  }
  const [, bare] = source.match(BARE) ?? [];
  return bare === undefined ? null : `${HOST}/${bare}`;
}

function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
