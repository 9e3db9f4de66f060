import { Hono } from "hono";
import text from "../static/llms.txt" with { type: "text" };
import { ofAddress } from "./caching.ts";

/** What agents read first of a site: what it answers, and where. */
export const llmsRoute: Hono = new Hono().get("/llms.txt", (c) => {
  ofAddress(c);
  return c.text(text);
});
