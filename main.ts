import { endpointFrom, hubFrom, isOn, openHub } from "./hub/mod.ts";
import { accessLogFrom, logged } from "./routes/access_log.ts";
import { ancestorsFrom, embeddable } from "./routes/embedding.ts";
import { batching } from "./routes/batching.ts";
import { gradioSessions } from "./routes/gradio_sessions.ts";
import { keeping } from "./routes/keeping.ts";
import { mountedTables } from "./routes/mounted_tables.ts";
import { endOnSignal } from "./routes/pool/end.ts";
import { listen } from "./routes/pool/listen.ts";
import { servePool } from "./routes/pool/serve.ts";
import { signInFrom } from "./routes/sign_in/settings.ts";
import { signingIn } from "./routes/sign_in.ts";

/** Port of the page, as Hugging Face Spaces expect it. */
const DEFAULT_PORT = 7860;

try {
  await start();
} catch (error) {
  const reason = reasonOf(error);
  if (reason === null) throw error;
  console.error(reason);
  Deno.exit(1);
}

async function start(): Promise<void> {
  const port = portFrom(environment("PORT"));
  const ancestors = ancestorsFrom(environment("EMBED_ANCESTORS"));
  const tables = await mountedTables(environment("TABLES_CONFIG_DIR"));
  const signIn = signInFrom(environment);
  const hub = hubFrom(environment, { forVisitors: true });
  const endpoint = endpointFrom(environment);
  const { fetch, quick, close } = servePool({
    hub,
    visitorsHub: signIn && hub
      ? (token) =>
        openHub({ endpoint, token, isVisitors: true, keptBytes: 2 * 1024 ** 2 })
      : null,
    tables,
    trustsProxy: isOn(environment("TRUST_PROXY")),
    limitsClients: isOn(environment("LIMIT_CLIENTS") ?? "1"),
  });
  const forAll = gradioSessions(batching(keeping(fetch)));
  const usual = signIn && hub
    ? signingIn(signIn, {
      usual: forAll,
      own: gradioSessions(batching(fetch)),
      refuse: (request, refusal) => quick.refuse(request, refusal),
    })
    : forAll;
  const answering = ancestors ? embeddable(usual, ancestors) : usual;
  const log = accessLogFrom(environment);
  // DENO_SERVE_ADDRESS, where it is set, overrides the port that is given here.
  const server = await listen(log ? logged(answering, log) : answering, {
    port,
    health: await quick.health(),
    busy: await quick.busy(),
  });
  endOnSignal(server, close);
}

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

/** Why the server cannot start, where that is nothing to mend in the program. */
function reasonOf(error: unknown): string | null {
  const address = environment("DENO_SERVE_ADDRESS");
  const where = address
    ? `DENO_SERVE_ADDRESS ${address}`
    : `PORT ${environment("PORT") ?? DEFAULT_PORT}`;
  const { name, message } = error instanceof Error ? error : new Error();
  switch (name) {
    case "AddrInUse":
      return `${where} is in use: stop what listens there, or choose another`;
    case "AddrNotAvailable":
    case "PermissionDenied":
    case "NotCapable":
      return `${where} cannot be listened at: ${message}`;
    case "RangeError":
      return message;
    default:
      return null;
  }
}
