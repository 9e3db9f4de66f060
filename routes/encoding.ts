import { parseAccept } from "hono/utils/accept";

/** Encodings that answers are sent in. */
export type Encoding = "br" | "gzip";

/**
 * The encoding to send, of those that there are.
 *
 * @param accepted The request's Accept-Encoding.
 * @param offered The most wanted first.
 * @returns Null where none of them is accepted.
 */
export function encodingOf(
  accepted: string | undefined,
  offered: readonly Encoding[],
): Encoding | null {
  if (!accepted) return null;
  const accepts = parseAccept(accepted.slice(0, 200));
  const weightOf = (name: string): number | undefined =>
    accepts.find(({ type }) => type.toLowerCase() === name)?.q;
  let best: Encoding | null = null;
  let most = 0;
  for (const encoding of offered) {
    const weight = weightOf(encoding) ?? weightOf("*") ?? 0;
    if (weight > most) [best, most] = [encoding, weight];
  }
  return best;
}
