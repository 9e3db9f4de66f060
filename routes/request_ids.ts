/** Longest request id that is taken over from a client; ours have 36. */
export const MAX_REQUEST_ID = 64;

/**
 * The id of a request: the one that a proxy gave, or another. Hono's `requestId`
 * has the same rule.
 */
export function requestIdOf({ headers }: Request): string {
  const given = headers.get("X-Request-Id") ?? "";
  return /^[\w=-]+$/.test(given) && given.length <= MAX_REQUEST_ID
    ? given
    : crypto.randomUUID();
}
