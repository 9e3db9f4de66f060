import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { timeout } from "hono/timeout";
import { HTTPException } from "hono/http-exception";
import { Problems } from "../templates/answer/problems.tsx";

/** Largest body: a config.json has a few kilobytes, a Scenario fewer. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Longest address: most config.json files fit in. */
export const MAX_QUERY_LENGTH = 32 * 1024;
/** Longest that a request may take, its body included. */
const MAX_MILLISECONDS = 10_000;

const limitAny: MiddlewareHandler = bodyLimit({
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

/**
 * Refuses bodies that are too large, before they are read whole. The forms with
 * files have limits of their own, which they tell on the page.
 */
export const limitBody: MiddlewareHandler = (c, next) =>
  c.req.path === "/config" || c.req.path === "/import"
    ? next()
    : limitAny(c, next);

/** Refuses addresses that are too long. */
export const limitQuery: MiddlewareHandler = async (c, next) => {
  const { length } = c.req.url;
  if (length > MAX_QUERY_LENGTH) {
    const message =
      `The address must be at most ${MAX_QUERY_LENGTH} characters: current value is ${length}`;
    if (c.req.path !== "/answer") return c.text(message, 414);
    // The page shows it beside the form, where there is another way.
    const problem = {
      path: "model.config",
      message:
        `${message}; give a long config.json as a file, of which lists of labels and words are left out`,
    };
    return c.html(Problems({ problems: [problem] }), 414);
  }
  await next();
};

/** Gives up on a request whose body trickles in. */
export const limitTime: MiddlewareHandler = timeout(
  MAX_MILLISECONDS,
  new HTTPException(408, { message: "The request took too long" }),
);
