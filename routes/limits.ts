import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { timeout } from "hono/timeout";
import { Problems } from "../templates/answer/problems.tsx";
import { BATCH } from "./batch_lines.ts";
import { joined } from "./body.ts";
import { requestOf } from "./request_of.ts";
import { refuse } from "./refuse.tsx";

/** Largest body: a config.json has a few kilobytes, a Scenario fewer. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Longest address: most config.json files fit in. */
export const MAX_QUERY_LENGTH = 32 * 1024;
/** Longest that a request may take, its body included. */
const MAX_MILLISECONDS = 10_000;

/**
 * Reads a body whole before anything is done with it, so that one that is too
 * large, or whose sender breaks off, is refused in one place.
 *
 * @param tooLarge Answers where there is more; it is given what was sent, or
 *   "more" where the sender has not said.
 */
export function wholeBody(
  maxBytes: number,
  tooLarge: (c: Context, sent: string) => Response | Promise<Response>,
): MiddlewareHandler {
  return async (c, next) => {
    const { body, headers } = c.req.raw;
    if (!body) return await next();
    const stated = headers.get("content-length");
    if (Number(stated) > maxBytes) return await tooLarge(c, stated ?? "more");
    const bytes = await bytesOf(body, maxBytes);
    if (bytes === null) return await tooLarge(c, "more");
    const { url, method, signal } = c.req.raw;
    c.req.raw = requestOf({ url, method, headers, body: bytes }, signal);
    await next();
  };
}

/** @returns Null where there are more bytes than may be. */
async function bytesOf(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) return null;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new HTTPException(400, {
      message: "The body must be sent whole: its sender broke off",
      cause,
    });
  }
  return joined(chunks, size);
}

const limitAny = wholeBody(
  MAX_BODY_BYTES,
  (c, sent) =>
    refuse(
      c,
      413,
      `The body must be at most ${MAX_BODY_BYTES} bytes: current value is ${sent}`,
    ),
);

/** Addresses of the forms with files. */
const WITH_FILES: ReadonlySet<string> = new Set([
  "/config",
  "/import",
  "/explain",
]);

/** Largest batch: as much as a server takes of any body. */
const MAX_BATCH_BYTES = 8 * MAX_BODY_BYTES;

const limitBatch = wholeBody(
  MAX_BATCH_BYTES,
  (c, sent) =>
    refuse(
      c,
      413,
      `The body must be at most ${MAX_BATCH_BYTES} bytes: current value is ${sent}`,
    ),
);

/**
 * Refuses bodies that are too large. The forms with files have limits of their
 * own, which they tell on the page.
 */
export const limitBody: MiddlewareHandler = (c, next) =>
  WITH_FILES.has(c.req.path)
    ? next()
    : (c.req.path === BATCH ? limitBatch : limitAny)(c, next);

/**
 * Refuses addresses that are too long, and those that are none: a client may put
 * any text into its Host header.
 */
export const limitAddress: MiddlewareHandler = async (c, next) => {
  const { url } = c.req;
  if (url.length > MAX_QUERY_LENGTH) {
    const message =
      `The address must be at most ${MAX_QUERY_LENGTH} characters: current value is ${url.length}`;
    if (c.req.path !== "/answer") return await refuse(c, 414, message);
    // The page shows it beside the form, where there is another way.
    const problem = {
      path: "model.config",
      message:
        `${message}; give a long config.json as a file, of which lists of labels and words are left out`,
    };
    return await c.html(Problems({ problems: [problem] }), 414);
  }
  if (!URL.canParse(url)) {
    const host = c.req.header("host")?.slice(0, 100) ?? "";
    return await refuse(
      c,
      400,
      `The Host header must be a host and a port: current value is ${
        JSON.stringify(host)
      }`,
    );
  }
  await next();
};

/** Gives up on a request after a time, such as one whose body trickles in. */
export function within(milliseconds: number): MiddlewareHandler {
  const message =
    `The request took too long: it must be sent and answered within ${
      milliseconds / 1000
    } seconds`;
  return timeout(milliseconds, new HTTPException(408, { message }));
}

/** Gives up on a request after the time that any may take. */
export const limitTime: MiddlewareHandler = within(MAX_MILLISECONDS);
