import { Hono } from "hono";
import { ApiDoc } from "../templates/docs/api_doc.tsx";
import { ofAddress } from "./caching.ts";
import { openApiDocument } from "./openapi/document.ts";

/** The API's description, made once somebody asks for it: for programs, and to read. */
export const openApiRoute: Hono = new Hono()
  .get("/api/v1/openapi.json", (c) => {
    ofAddress(c);
    document ??= JSON.stringify(openApiDocument());
    return c.body(document, 200, { "Content-Type": "application/json" });
  })
  .get("/docs/api", (c) => {
    ofAddress(c);
    return c.html(<ApiDoc document={openApiDocument()} />);
  });

let document: string | undefined;
