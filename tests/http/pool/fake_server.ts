/**
 * The server with workers of {@link ./fake_worker.ts} and limits of its own:
 * `fake_server.ts '{"workers": 1}'`. It says where it listens.
 *
 * @module
 */
import { DEFAULT_TABLES } from "../../../lib/tables/config.ts";
import { endOnSignal } from "../../../routes/pool/end.ts";
import { servePool } from "../../../routes/pool/serve.ts";

const { fetch, close } = servePool({
  hub: null,
  tables: DEFAULT_TABLES,
  trustsProxy: false,
  limitsClients: true,
  limits: JSON.parse(Deno.args[0] ?? "{}"),
  script: new URL("fake_worker.ts", import.meta.url),
});
const server = Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`listening at http://127.0.0.1:${port}`),
}, (request, peer) => {
  const { pathname } = new URL(request.url);
  request.signal.addEventListener(
    "abort",
    () => console.log(`left ${pathname}`),
  );
  return fetch(request, peer);
});
endOnSignal(server, close);
