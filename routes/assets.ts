import { brotliCompressSync, gzipSync } from "node:zlib";
import { Hono } from "hono";
import type { StaticFile } from "../static/mod.ts";
import { STATIC, THUMBNAIL } from "../static/mod.ts";
import type { Encoding } from "./encoding.ts";
import { encodingOf } from "./encoding.ts";
import { isSame } from "./packing.ts";

/** A file whose address holds its hash may be kept for a year. */
const FOREVER = "public, max-age=31536000, immutable";

/** The static files, each packed once, when it is first asked for. */
export const assets: Hono = new Hono();

for (const file of Object.values(STATIC)) {
  const packed = packer(file);
  assets.get(file.path, (c) => {
    const encoding = encodingOf(c.req.header("Accept-Encoding"), [
      "br",
      "gzip",
    ]);
    const tag = `"${file.hash}${encoding === null ? "" : `-${encoding}`}"`;
    const headers = {
      // Another hash asks for another content than this server has.
      "Cache-Control": c.req.query("v") === file.hash ? FOREVER : "no-cache",
      "ETag": tag,
      "Vary": "Accept-Encoding",
    };
    if (isSame(c.req.header("If-None-Match"), tag)) {
      return c.body(null, 304, headers);
    }
    const body = packed(encoding);
    return c.body(body, 200, {
      ...headers,
      "Content-Type": file.type,
      "Content-Length": `${body.length}`,
      ...(encoding === null ? {} : { "Content-Encoding": encoding }),
    });
  });
}

assets.get("/static/thumbnail.png", (c) =>
  c.body(THUMBNAIL, 200, {
    "Cache-Control": "public, max-age=86400",
    "Content-Type": "image/png",
    "Content-Length": `${THUMBNAIL.length}`,
  }));

// Browsers ask for it whatever the page says.
assets.get("/favicon.ico", (c) => {
  c.header("Cache-Control", "public, max-age=86400");
  return c.redirect(STATIC.icon.address, 301);
});

function packer(
  { text }: StaticFile,
): (encoding: Encoding | null) => Uint8Array<ArrayBuffer> {
  const plain = new TextEncoder().encode(text);
  const kept = new Map<Encoding | null, Uint8Array<ArrayBuffer>>([
    [null, plain],
  ]);
  return (encoding) => {
    const known = kept.get(encoding);
    if (known) return known;
    const packed = encoding === "br"
      ? brotliCompressSync(plain)
      : gzipSync(plain, { level: 9 });
    const bytes = new Uint8Array(packed);
    kept.set(encoding, bytes);
    return bytes;
  };
}
