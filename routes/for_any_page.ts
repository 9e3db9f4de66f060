import type { Hono, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodsAt } from "./methods.ts";

/** Seconds for which a browser need not ask again whether it may ask. */
const ASKED_ONCE = 86_400;

/** Lets scripts of any page ask: the API knows no user and keeps nothing. */
export function forAnyPage(app: Hono): MiddlewareHandler {
  const allow = cors({
    origin: "*",
    allowMethods: (_, c) => methodsAt(app, c.req.path),
    allowHeaders: ["Content-Type", "X-Request-Id"],
    exposeHeaders: ["X-Request-Id", "Retry-After", "ETag"],
    maxAge: ASKED_ONCE,
  });
  return async (c, next) => {
    if (c.req.method === "OPTIONS") {
      const methods = methodsAt(app, c.req.path);
      if (methods.length === 0) return await next();
      c.header("Allow", [...methods, "OPTIONS"].join(", "));
    }
    return await allow(c, next);
  };
}
