import type { Env, Hono } from "hono";
import { contextStorage } from "hono/context-storage";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { FRAMED_BY } from "./embedding.ts";
import { MAX_REQUEST_ID } from "./request_ids.ts";

/** Gives every answer a request id, and headers that keep browsers careful. */
export function forAll<E extends Env>(app: Hono<E>): void {
  app.use(contextStorage());
  app.use(requestId({ limitLength: MAX_REQUEST_ID }));
  app.use(secureHeaders({
    xFrameOptions: false,
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: [...FRAMED_BY],
    },
  }));
}
