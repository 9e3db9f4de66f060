/** What names a model on the Hub. */
export interface HubId {
  /** Such as "owner/name". */
  id: string;
  /** A branch, a tag or a commit. */
  revision: string;
  /** A GGUF file's path, or what its name says of its type; null for none. */
  file: string | null;
}

/** "owner/name", perhaps "@revision", perhaps ":file", as the Hub allows them. */
const ID =
  /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w.\/-]+))?(?::([\w][\w .\/+-]*))?$/;
const MAX_LENGTH = 512;
const DEFAULT_REVISION = "main";
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * Reads what a name is, without asking anybody.
 *
 * @param name "owner/name", "owner/name@revision", and of a repository of GGUF
 *   files "owner/name:Q4_K_M" or "owner/name:folder/file.gguf".
 * @returns Null when it is no Hub id.
 */
export function parseHubId(name: string): HubId | null {
  const match = name.trim().match(ID);
  if (!match || name.includes("..") || name.length > MAX_LENGTH) return null;
  const [, id = "", revision = DEFAULT_REVISION, file = null] = match;
  if (/^\/|\/$|\/\//.test(revision)) return null;
  return { id, revision, file };
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}
