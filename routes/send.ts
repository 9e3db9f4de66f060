import { createHash } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from "hono/utils/compress";
import { isSame, packed, wantsGzip } from "./packing.ts";

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
  const isWhole = isGet && c.res.status === 200;
  if (!c.res.headers.has("Cache-Control")) {
    c.header("Cache-Control", isWhole ? OF_MOMENT : NOT_KEPT);
  }
  const { res } = c;
  const type = res.headers.get("Content-Type") ?? "";
  // What has a tag is packed already; what streams has no such type.
  if (
    !res.body || res.headers.has("ETag") ||
    !COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type)
  ) return;
  const headers = new Headers(res.headers);
  const plain = new Uint8Array(await res.arrayBuffer());
  headers.append("Vary", "Accept-Encoding");
  if (isWhole && headers.get("Cache-Control") !== NOT_KEPT) {
    const tag = tagOf(plain);
    headers.set("ETag", tag);
    if (isSame(c.req.header("If-None-Match"), tag)) {
      headers.delete("Content-Type");
      return replace(c, new Response(null, { status: 304, headers }));
    }
  }
  const gzip = wantsGzip(c.req.header("Accept-Encoding"))
    ? packed(plain)
    : null;
  if (gzip) headers.set("Content-Encoding", "gzip");
  const body = gzip ?? plain;
  headers.set("Content-Length", `${body.length}`);
  replace(c, new Response(body, { status: res.status, headers }));
};

/** A weak tag: the same for the packed content and the plain one. */
function tagOf(content: Uint8Array): string {
  const hash = createHash("sha256").update(content).digest("base64url");
  return `W/"${hash.slice(0, 22)}"`;
}

/** Hono would keep the headers of what is replaced. */
function replace(c: Context, response: Response): void {
  c.res = undefined;
  c.res = response;
}
