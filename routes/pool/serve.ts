import process from "node:process";
import { CLOCK } from "../../hub/look_up_places.ts";
import type { LookUps } from "../../hub/look_ups.ts";
import { LookUpDesk } from "../../hub/look_ups.ts";
import type { Hub } from "../../hub/mod.ts";
import type { TablesConfig } from "../../lib/tables/config.ts";
import { Bodies } from "./body.ts";
import { Budget, BUDGET_LIMITS } from "./budget.ts";
import type { Peer } from "./front.ts";
import { createFront } from "./front.ts";
import type { PoolLimits } from "./limits.ts";
import { poolLimits } from "./limits.ts";
import { Pool } from "./pool.ts";
import { Quick } from "./quick.ts";
import { threadsOf } from "./thread.ts";

/** How the application is served. */
export interface ServeOptions {
  hub: Hub | null;
  tables: TablesConfig;
  /** Whether X-Forwarded-For names the client. */
  trustsProxy: boolean;
  /** Whether a client may have only so much of what is costly. */
  limitsClients: boolean;
  limits?: Partial<PoolLimits>;
  /** What the workers run; tests have others. */
  script?: URL;
}

/** The application in a pool of workers. */
export interface Served {
  fetch: (request: Request, peer: Peer) => Promise<Response>;
  close(): void;
}

/** Starts the workers, and makes what hands requests to them. */
export function servePool(
  { hub, tables, trustsProxy, limitsClients, ...options }: ServeOptions,
): Served {
  const limits = {
    ...poolLimits(navigator.hardwareConcurrency),
    ...options.limits,
  };
  const used = new Budget(BUDGET_LIMITS, CLOCK);
  const lookUps = hub && new LookUpDesk(hub);
  const script = options.script ?? new URL("worker.ts", import.meta.url);
  const pool = new Pool({
    start: threadsOf(
      script,
      { hasHub: hub !== null, tables, watchdogMs: limits.watchdogMs },
      limits,
    ),
    limits,
    lookUps,
    processMs: processMilliseconds,
    onSpent: (client, milliseconds) => used.charge(client, milliseconds),
    spentBy: (client) => used.spentBy(client),
  });
  const fetch = createFront({
    pool,
    quick: new Quick(),
    bodies: new Bodies(CLOCK),
    limits,
    budget: limitsClients ? used : null,
    trustsProxy,
    inProcess: inProcess(pool, lookUps, tables),
  });
  return { fetch, close: () => pool.close() };
}

function processMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The application in this thread, loaded where there is no other way. */
function inProcess(
  pool: Pool,
  lookUps: LookUps | null,
  tables: TablesConfig,
): (request: Request) => Promise<Response> {
  let app: Promise<{ fetch(request: Request): Response | Promise<Response> }>;
  return async (request) => {
    app ??= load();
    return await (await app).fetch(request);
  };

  async function load() {
    console.error(
      `Requests are answered in one thread, for no worker can be had: ${pool.unable}`,
    );
    const { createAppWith } = await import("../../app.ts");
    return createAppWith(lookUps, tables);
  }
}
