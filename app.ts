import { Hono } from "hono";
import { hubOf, LookUpDesk } from "./hub/look_ups.ts";
import type { LookUps } from "./hub/look_up.ts";
import type { Hub } from "./hub/mod.ts";
import type { TablesConfig } from "./lib/ask/tables/config.ts";
import { DEFAULT_TABLES } from "./lib/ask/tables/config.ts";
import { accuracyRoute } from "./routes/accuracy.tsx";
import { adviceRoute } from "./routes/advice.tsx";
import { answerRoute } from "./routes/answer.tsx";
import { apiRoute } from "./routes/api.ts";
import { apiCataloguesRoute } from "./routes/api_catalogues.ts";
import { apiConfigurationsRoute } from "./routes/api_configurations.ts";
import { apiMoreRoute } from "./routes/api_more.ts";
import { assets } from "./routes/assets.ts";
import { compareRoute } from "./routes/compare.tsx";
import { configRoute } from "./routes/config.tsx";
import { docsRoute } from "./routes/docs.tsx";
import { explainRoute } from "./routes/explain.tsx";
import { exportRoute } from "./routes/export.tsx";
import { gpusRoute } from "./routes/gpus.tsx";
import { gradioRoute } from "./routes/gradio.ts";
import { importRoute } from "./routes/import.tsx";
import { largestRoute } from "./routes/largest.tsx";
import { llmsRoute } from "./routes/llms.ts";
import { mcpRoute } from "./routes/mcp.ts";
import { openApiRoute } from "./routes/openapi.tsx";
import { onBehalf } from "./routes/on_behalf.ts";
import { forAll } from "./routes/for_all.ts";
import { FOR_ANY_PAGE, forAnyPage } from "./routes/for_any_page.ts";
import { limitAddress, limitBody, limitTime } from "./routes/limits.ts";
import { withoutRoute } from "./routes/methods.ts";
import { modelsRoute } from "./routes/models.tsx";
import { pageRoute } from "./routes/page.tsx";
import { presetsRoute } from "./routes/presets.tsx";
import { withoutAnswer } from "./routes/refuse.tsx";
import { scenarioFileRoute } from "./routes/scenario_file.tsx";
import { NOT_KEPT, send } from "./routes/send.ts";
import { settingsRoute } from "./routes/settings.tsx";
import { strategiesRoute } from "./routes/strategies.tsx";
import { tablesRoute } from "./routes/tables.tsx";
import { trafficRoute } from "./routes/traffic.tsx";

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
  return createAppWith(hub && new LookUpDesk(hub), tables);
}

/**
 * The same where somebody else looks models up.
 *
 * @param lookUps Null where nothing may be asked.
 */
export function createAppWith(
  lookUps: LookUps | null,
  tables: TablesConfig,
): Hono {
  const app = new Hono();
  const hub = lookUps && hubOf(lookUps);

  forAll(app);
  for (const path of FOR_ANY_PAGE) app.use(path, forAnyPage(app));
  app.use(send);
  app.use(onBehalf, limitAddress, limitTime, limitBody);

  app.route("/", assets);
  app.route("/", pageRoute(lookUps));
  app.route("/", configRoute);
  app.route("/", importRoute(lookUps));
  app.route("/", exportRoute);
  app.route("/", scenarioFileRoute);
  app.route("/", presetsRoute);
  app.route("/", accuracyRoute);
  app.route("/", docsRoute);
  app.route("/", answerRoute(lookUps));
  app.route("/", settingsRoute);
  app.route("/", modelsRoute);
  app.route("/", gpusRoute(lookUps));
  app.route("/", tablesRoute(lookUps, tables));
  app.route("/", compareRoute(lookUps));
  app.route("/", adviceRoute(hub));
  app.route("/", explainRoute(hub));
  app.route("/", largestRoute(hub));
  app.route("/", strategiesRoute(hub));
  app.route("/", trafficRoute(lookUps));
  app.route("/", apiRoute(hub));
  app.route("/", apiMoreRoute(hub));
  app.route("/", apiConfigurationsRoute);
  app.route("/", apiCataloguesRoute);
  app.route("/", openApiRoute);
  app.route("/", mcpRoute(hub));
  app.route("/", gradioRoute(hub));
  app.route("/", llmsRoute);
  app.get(
    "/healthz",
    (c) => c.text("ok", 200, { "Cache-Control": NOT_KEPT }),
  );

  app.notFound(withoutRoute(app));
  app.onError(withoutAnswer);
  return app;
}

/** The application without a Hub. */
export const app: Hono = createApp(null);
