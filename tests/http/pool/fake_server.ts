/**
 * The server with workers of {@link ./fake_worker.ts} and limits of its own:
 * `fake_server.ts '{"workers": 1}'`.
 *
 * @module
 */
import { DEFAULT_TABLES } from "../../../lib/ask/tables/config.ts";
import { endOnSignal } from "../../../routes/pool/end.ts";
import { listen } from "../../../routes/pool/listen.ts";
import { servePool } from "../../../routes/pool/serve.ts";

const { fetch, quick, close } = servePool({
  hub: null,
  tables: DEFAULT_TABLES,
  trustsProxy: false,
  limitsClients: true,
  limits: JSON.parse(Deno.args[0] ?? "{}"),
  script: new URL("fake_worker.ts", import.meta.url),
});
const server = await listen((request, peer) => {
  const { pathname } = new URL(request.url);
  request.signal.addEventListener(
    "abort",
    () => console.log(`left ${pathname}`),
  );
  return fetch(request, peer);
}, { port: 0, health: await quick.health(), busy: await quick.busy() });
endOnSignal(server, close);
