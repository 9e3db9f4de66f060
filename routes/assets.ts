import { Hono } from "hono";
import { STATIC } from "../static/mod.ts";

/** A file whose address holds its hash may be kept for a year. */
const FOREVER = "public, max-age=31536000, immutable";

/** The static files. */
export const assets: Hono = new Hono();

for (const { path, hash, type, text } of Object.values(STATIC)) {
  assets.get(path, (c) =>
    c.body(text, 200, {
      "Content-Type": type,
      // Another hash asks for another content than this server has.
      "Cache-Control": c.req.query("v") === hash ? FOREVER : "no-cache",
    }));
}

// Browsers ask for it whatever the page says.
assets.get("/favicon.ico", (c) => c.redirect(STATIC.icon.address, 301));
