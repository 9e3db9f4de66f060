import { Hono } from "hono";
import { Layout } from "../templates/layout.tsx";
import { Presets } from "../templates/presets.tsx";
import { ofAddress } from "./caching.ts";

/** The training memory calculator's presets, each a link that loads it. */
export const presetsRoute: Hono = new Hono().get("/presets", (c) => {
  ofAddress(c);
  return c.html(
    <Layout title="Presets · Headroom">
      <Presets />
    </Layout>,
  );
});
