import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { timeout } from "hono/timeout";
import { HTTPException } from "hono/http-exception";

/** Largest body: a config.json has a few kilobytes, a Scenario fewer. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Longest query: a pasted config.json fits in. */
const MAX_QUERY_LENGTH = 32 * 1024;
/** Longest that a request may take, its body included. */
const MAX_MILLISECONDS = 10_000;

/** Refuses bodies that are too large, before they are read whole. */
export const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c: Context) =>
    c.json({
      error: {
        path: "",
        message:
          `The body must be at most ${MAX_BODY_BYTES} bytes: current value is ${
            c.req.header("content-length") ?? "more"
          }`,
      },
    }, 413),
});

/** Refuses addresses that are too long. */
export const limitQuery: MiddlewareHandler = async (c, next) => {
  const { length } = c.req.url;
  if (length > MAX_QUERY_LENGTH) {
    return c.text(
      `The address must be at most ${MAX_QUERY_LENGTH} characters: current value is ${length}`,
      414,
    );
  }
  await next();
};

/** Gives up on a request whose body trickles in. */
export const limitTime: MiddlewareHandler = timeout(
  MAX_MILLISECONDS,
  new HTTPException(408, { message: "The request took too long" }),
);
