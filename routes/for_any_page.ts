import type { Hono, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodsAt } from "./methods.ts";

/** Seconds for which a browser need not ask again whether it may ask. */
const ASKED_ONCE = 86_400;

/** The doors for programs: the API, agents, Gradio's clients. */
export const FOR_ANY_PAGE = ["/api/*", "/mcp", "/gradio_api/*", "/config"];

/** Headers that scripts may send; those of MCP name what its message asks. */
const SENT = [
  "Content-Type",
  "X-Request-Id",
  "Mcp-Method",
  "Mcp-Name",
  "Mcp-Protocol-Version",
  "Mcp-Session-Id",
  "X-Gradio-User",
];

/** Lets scripts of any page ask: the API knows no user and keeps nothing. */
export function forAnyPage(app: Hono): MiddlewareHandler {
  const allow = cors({
    origin: "*",
    allowMethods: (_, c) => methodsAt(app, c.req.path),
    allowHeaders: SENT,
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
