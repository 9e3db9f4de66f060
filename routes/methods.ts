import type { Context, Hono } from "hono";
import { refuse } from "./refuse.tsx";

/** The methods that a route may have. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The methods that an address answers; none where there is nothing at it. */
export function methodsAt(app: Hono, path: string): string[] {
  const own = METHODS.filter((method) =>
    // Middleware has routes too, of every method.
    app.router.match(method, path)[0].some(([[, route]]) =>
      route.method === method
    )
  );
  return own.flatMap((method) =>
    method === "GET" ? [method, "HEAD"] : [method]
  );
}

/**
 * Answers what no route does: OPTIONS with what may be asked, another method
 * than the address has with 405, all else with 404.
 */
export function withoutRoute(
  app: Hono,
): (c: Context) => Response | Promise<Response> {
  return (c) => {
    const { path, method } = c.req;
    const methods = methodsAt(app, path);
    if (methods.length === 0) {
      return refuse(
        c,
        404,
        `There is nothing at ${path.slice(0, 200)}`,
      );
    }
    const allow = [...methods, "OPTIONS"].join(", ");
    return method === "OPTIONS" ? c.body(null, 204, { Allow: allow }) : refuse(
      c,
      405,
      `${path} takes ${methods.join(", ")}: the request's method is ${
        method.slice(0, 20)
      }`,
      { Allow: allow },
    );
  };
}
