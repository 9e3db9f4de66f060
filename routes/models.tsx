import { Hono } from "hono";
import { searchModels } from "../lib/mod.ts";
import { ModelsFound } from "../templates/form/models_found.tsx";
import { ofAddress } from "./caching.ts";

/** How many models have the words, of which the first are listed. */
const FOUND = "Models-Found";

/**
 * What a name may be completed to while somebody types it: options for the field's
 * list. The field sends itself by whatever name it has.
 */
export const modelsRoute: Hono = new Hono().get("/models/found", (c) => {
  const [typed = ""] = Object.values(c.req.query());
  const found = searchModels(typed);
  ofAddress(c);
  c.header(FOUND, `${found.length}`);
  return c.html(<ModelsFound found={found} />);
});
