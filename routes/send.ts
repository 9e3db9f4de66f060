import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Context, MiddlewareHandler } from "hono";
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from "hono/utils/compress";
import { encodingOf } from "./encoding.ts";

/** What is shorter does not get shorter. */
const LEAST_PACKED = 1024;
/** Longer answers are packed faster, at some more bytes. */
const LONG = 256 * 1024;

/** Asked for again every time: a Hub or its token has a part in it. */
const OF_MOMENT = "private, no-cache";
/** Refusals, and what is still under way. */
export const NOT_KEPT = "no-store";

/**
 * Sends an answer whole, which it is anyway: with its length, a tag of its
 * content, and gzipped. Hono's `etag` and `compress` do the same through streams,
 * which takes three times as long for a page and leaves its length unknown.
 */
export const send: MiddlewareHandler = async (c, next) => {
  await next();
  const isGet = c.req.method === "GET" || c.req.method === "HEAD";
  const isKept = isGet && c.res.status === 200;
  if (!c.res.headers.has("Cache-Control")) {
    c.header("Cache-Control", isKept ? OF_MOMENT : NOT_KEPT);
  }
  const { res } = c;
  const type = res.headers.get("Content-Type") ?? "";
  // What has a tag is packed already; what streams has no such type.
  if (
    !res.body || res.headers.has("ETag") ||
    !COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type)
  ) return;
  const headers = new Headers(res.headers);
  const whole = new Uint8Array(await res.arrayBuffer());
  headers.append("Vary", "Accept-Encoding");
  if (isKept && headers.get("Cache-Control") !== NOT_KEPT) {
    const tag = tagOf(whole);
    headers.set("ETag", tag);
    if (isSame(c.req.header("If-None-Match"), tag)) {
      headers.delete("Content-Type");
      return replace(c, new Response(null, { status: 304, headers }));
    }
  }
  const body = packed(whole, c.req.header("Accept-Encoding"));
  if (body !== whole) headers.set("Content-Encoding", "gzip");
  headers.set("Content-Length", `${body.length}`);
  replace(c, new Response(body, { status: res.status, headers }));
};

/** Whether a client has what a tag names. */
export function isSame(ifNoneMatch: string | undefined, tag: string): boolean {
  if (!ifNoneMatch) return false;
  const strong = tag.replace(/^W\//, "");
  return ifNoneMatch.trim() === "*" ||
    ifNoneMatch.split(",").some((each) =>
      each.trim().replace(/^W\//, "") === strong
    );
}

/** A weak tag: the same for the packed content and the plain one. */
function tagOf(content: Uint8Array): string {
  const hash = createHash("sha256").update(content).digest("base64url");
  return `W/"${hash.slice(0, 22)}"`;
}

function packed(
  whole: Uint8Array<ArrayBuffer>,
  accepted: string | undefined,
): Uint8Array<ArrayBuffer> {
  if (
    whole.length < LEAST_PACKED || encodingOf(accepted, ["gzip"]) === null
  ) return whole;
  return new Uint8Array(
    gzipSync(whole, { level: whole.length > LONG ? 1 : 6 }),
  );
}

/** Hono would keep the headers of what is replaced. */
function replace(c: Context, response: Response): void {
  c.res = undefined;
  c.res = response;
}
