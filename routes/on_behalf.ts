import type { MiddlewareHandler } from "hono";
import { CALLER } from "../hub/caller.ts";

/** Stops what a request has started once it is answered or its client has left. */
export const onBehalf: MiddlewareHandler = async (c, next) => {
  const over = new AbortController();
  const { signal } = c.req.raw;
  const leave = (): void => over.abort();
  signal.addEventListener("abort", leave, { once: true });
  try {
    await CALLER.run({ ...CALLER.getStore(), signal: over.signal }, next);
  } finally {
    signal.removeEventListener("abort", leave);
    over.abort();
  }
};
