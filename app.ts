import { Hono } from "hono";
import { compress } from "hono/compress";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { LookUps } from "./hub/look_ups.ts";
import type { Hub } from "./hub/mod.ts";
import type { TablesConfig } from "./lib/tables/config.ts";
import { DEFAULT_TABLES } from "./lib/tables/config.ts";
import { answerRoute } from "./routes/answer.tsx";
import { apiRoute } from "./routes/api.ts";
import { apiConfigurationsRoute } from "./routes/api_configurations.ts";
import { apiMoreRoute } from "./routes/api_more.ts";
import { assets } from "./routes/assets.ts";
import { compareRoute } from "./routes/compare.tsx";
import { configRoute } from "./routes/config.tsx";
import { exportRoute } from "./routes/export.tsx";
import { gpusRoute } from "./routes/gpus.tsx";
import { importRoute } from "./routes/import.tsx";
import { largestRoute } from "./routes/largest.tsx";
import { limitBody, limitQuery, limitTime } from "./routes/limits.ts";
import { pageRoute } from "./routes/page.tsx";
import { presetsRoute } from "./routes/presets.tsx";
import { scenarioFileRoute } from "./routes/scenario_file.tsx";
import { tablesRoute } from "./routes/tables.tsx";
import { trafficRoute } from "./routes/traffic.tsx";

/** Hugging Face shows a Space inside a frame of its own page. */
const FRAMED_BY = ["'self'", "https://huggingface.co", "https://*.hf.space"];

/**
 * Builds the whole application; it listens nowhere.
 *
 * @param hub Where models are looked up that the catalogue does not have; null
 *   where nothing may be asked.
 * @param tables The data types, GPUs and looks of the tables page.
 */
export function createApp(
  hub: Hub | null,
  tables: TablesConfig = DEFAULT_TABLES,
): Hono {
  const app = new Hono();
  const lookUps = hub && new LookUps(hub);

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
      frameAncestors: FRAMED_BY,
    },
  }));
  app.use(compress());
  app.use(limitQuery, limitBody, limitTime);

  app.route("/", assets);
  app.route("/", pageRoute(lookUps));
  app.route("/", configRoute);
  app.route("/", importRoute(lookUps));
  app.route("/", exportRoute);
  app.route("/", scenarioFileRoute);
  app.route("/", presetsRoute);
  app.route("/", answerRoute(lookUps));
  app.route("/", gpusRoute(lookUps));
  app.route("/", tablesRoute(lookUps, tables));
  app.route("/", compareRoute(lookUps));
  app.route("/", largestRoute(hub));
  app.route("/", trafficRoute(lookUps));
  app.route("/", apiRoute(hub));
  app.route("/", apiMoreRoute(hub));
  app.route("/", apiConfigurationsRoute);
  app.get("/healthz", (c) => c.text("ok"));

  app.notFound((c) =>
    c.text(`There is nothing at ${c.req.path}. The page is at /`, 404)
  );
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    console.error(error);
    return c.text("Something broke here; the scenario was not at fault", 500);
  });
  return app;
}

/** The application without a Hub. */
export const app: Hono = createApp(null);
