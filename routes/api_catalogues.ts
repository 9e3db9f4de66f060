import type { Context } from "hono";
import { Hono } from "hono";
import {
  CATALOGUE,
  findModel,
  GPUS,
  refusalOf,
  searchGpus,
  searchModels,
} from "../lib/mod.ts";
import { kindsOf } from "../lib/models/kinds.ts";
import { refused } from "./api_body.ts";
import { ofAddress } from "./caching.ts";

/** Longest words that are searched for. */
const MAX_QUERY = 200;

/** The door for programs to the catalogues, whole or what `?q=` finds. */
export const apiCataloguesRoute: Hono = new Hono()
  .get("/api/v1/models", (c) =>
    answer(c, (q) => {
      const exact = q === "" ? null : findModel(q);
      const found = q === "" ? CATALOGUE : searchModels(q);
      const others = found.filter((entry) => entry !== exact);
      const models = exact ? [exact, ...others] : others;
      return {
        models: models.map(({ id, config, parameters, note }) => ({
          id,
          type: config["model_type"] ?? null,
          kinds: kindsOf(config),
          parameters: parameters ?? null,
          ...(note === undefined ? {} : { note }),
        })),
      };
    }))
  .get(
    "/api/v1/gpus",
    (c) => answer(c, (q) => ({ gpus: q === "" ? GPUS : searchGpus(q) })),
  );

/** @param find What there is for some words; for none, all. */
function answer(c: Context, find: (q: string) => object): Response {
  const other = Object.keys(c.req.query()).find((name) =>
    // What hosts add for themselves is nobody's mistake.
    name !== "q" && !name.startsWith("__")
  );
  if (other !== undefined) {
    const { problems } = refused(
      other.slice(0, MAX_QUERY),
      `there is no such parameter here: q has the words that are searched for`,
    );
    return c.json(refusalOf(problems), 422);
  }
  const q = c.req.query("q")?.trim() ?? "";
  if (q.length > MAX_QUERY) {
    const { problems } = refused(
      "q",
      `q must have at most ${MAX_QUERY} characters: current value has ${q.length}`,
    );
    return c.json(refusalOf(problems), 422);
  }
  ofAddress(c);
  return c.json(find(q));
}
