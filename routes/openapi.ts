import { Hono } from "hono";
import { ofAddress } from "./caching.ts";
import { openApiDocument } from "./openapi/document.ts";

/** The API's description, made once somebody asks for it. */
export const openApiRoute: Hono = new Hono().get(
  "/api/v1/openapi.json",
  (c) => {
    ofAddress(c);
    document ??= JSON.stringify(openApiDocument());
    return c.body(document, 200, { "Content-Type": "application/json" });
  },
);

let document: string | undefined;
