import { Hono } from "hono";
import { DOCS } from "../templates/docs/documents.ts";
import {
  DocPage,
  DocsPage,
  PartsDoc,
  SettingsDoc,
} from "../templates/docs/docs_pages.tsx";
import { ofAddress } from "./caching.ts";

/** The documentation, an address for each document. */
export const docsRoute: Hono = new Hono()
  .get("/docs", (c) => {
    ofAddress(c);
    return c.html(<DocsPage />);
  })
  .get("/docs/settings", (c) => {
    ofAddress(c);
    return c.html(<SettingsDoc />);
  })
  .get("/docs/parts", (c) => {
    ofAddress(c);
    return c.html(<PartsDoc />);
  });

for (const doc of DOCS) {
  docsRoute.get(`/docs/${doc.name}`, (c) => {
    ofAddress(c);
    return c.html(<DocPage doc={doc} />);
  });
}
