import { createHash } from "node:crypto";

/** A short hash of a text. */
export function hashOf(text: string): string {
  return createHash("sha1").update(text).digest("hex").slice(0, 16);
}
