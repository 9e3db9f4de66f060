import { BrokenHeader } from "../lib/models/headers/mod.ts";
import type { HubId } from "./hub_id.ts";

/** What a repository of the Hub holds at one commit. */
export interface Repository {
  id: string;
  commit: string;
  files: ReadonlySet<string>;
}

/** Asks what a repository holds, and which commit its revision is. */
export async function listRepository(
  { id, revision }: HubId,
  endpoint: string,
  ask: typeof fetch,
): Promise<Repository> {
  const answer = await ask(
    `${endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`,
  );
  const info: unknown = await answer.json().catch(() => null);
  const { sha, siblings } = isRecord(info) ? info : {};
  const names = (Array.isArray(siblings) ? siblings : [])
    .map((sibling) => isRecord(sibling) ? sibling["rfilename"] : null)
    .filter((name) => typeof name === "string");
  if (typeof sha !== "string" || !/^[\w-]+$/.test(sha)) {
    throw new BrokenHeader("the Hub does not say which commit it is at");
  }
  return { id, commit: sha, files: new Set(names) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
