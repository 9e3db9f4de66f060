import { createApp } from "./app.ts";
import { hubFrom } from "./hub/mod.ts";
import { mountedTables } from "./routes/mounted_tables.ts";

/** Port of the page, as Hugging Face Spaces expect it. */
const DEFAULT_PORT = 7860;

// DENO_SERVE_ADDRESS, where it is set, overrides the port that is given here.
Deno.serve(
  { port: portFrom(environment("PORT")) },
  createApp(
    hubFrom(environment, { forVisitors: true }),
    await mountedTables(environment("TABLES_CONFIG_DIR")),
  ).fetch,
);

/** A variable that may be read and is not blank. */
function environment(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) || undefined : undefined;
}

function portFrom(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new RangeError(
    `PORT must be a whole number from 0 to 65535: current value is ${text}`,
  );
}
