import { gunzipSync, gzipSync } from "node:zlib";
import { encodingOf } from "./encoding.ts";

/** What is shorter does not get shorter. */
const LEAST_PACKED = 1024;
/** Longer answers are packed faster, at some more bytes. */
const LONG = 256 * 1024;

/** Whether an answer is sent in gzip to whoever accepts what a header says. */
export function wantsGzip(accepted: string | undefined): boolean {
  return encodingOf(accepted, ["gzip"]) !== null;
}

/** The answer in gzip; null where it would not be shorter. */
export function packed(
  plain: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | null {
  if (plain.length < LEAST_PACKED) return null;
  const level = plain.length > LONG ? 1 : 6;
  return new Uint8Array(gzipSync(plain, { level }));
}

/** What was packed. */
export function unpacked(
  gzip: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gunzipSync(gzip));
}

/** Whether a client has what a tag names. */
export function isSame(ifNoneMatch: string | undefined, tag: string): boolean {
  if (!ifNoneMatch) return false;
  const strong = tag.replace(/^W\//, "");
  return ifNoneMatch.trim() === "*" ||
    ifNoneMatch.split(",").some((each) =>
      each.trim().replace(/^W\//, "") === strong
    );
}
