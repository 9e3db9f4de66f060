import process from "node:process";
import { CALLER } from "../../hub/caller.ts";
import { CLOCK } from "../../hub/look_up_places.ts";
import type { LookUpLimits } from "../../hub/look_ups.ts";
import { LookUpDesk } from "../../hub/look_ups.ts";
import { VisitorLookUps } from "../../hub/visitor_look_ups.ts";
import type { Hub } from "../../hub/mod.ts";
import type { TablesConfig } from "../../lib/ask/tables/config.ts";
import { Bodies } from "../body.ts";
import { Budget, BUDGET_LIMITS } from "./budget.ts";
import type { Peer } from "./front.ts";
import { createFront } from "./front.ts";
import type { LoadApplication } from "./local_thread.ts";
import { localThreads } from "./local_thread.ts";
import type { PoolLimits } from "./limits.ts";
import { MAX_COST, poolLimits } from "./limits.ts";
import { Pool } from "./pool.ts";
import { Quick } from "./quick.ts";
import { threadsOf } from "./thread.ts";
import { watchesPromises } from "./watchdog.ts";

/** What one visitor's look-ups take, of whom there are many. */
const OF_VISITOR: Partial<LookUpLimits> = {
  underWay: 2,
  waiting: 8,
  kept: 20,
  keptBytes: 2 * 1024 ** 2,
};

/** How the application is served. */
export interface ServeOptions {
  hub: Hub | null;
  /** Opens the Hub for a visitor who has signed in; null where nobody may. */
  visitorsHub?: ((token: string) => Hub) | null;
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
  quick: Quick;
  close(): void;
}

/** Starts the workers, and makes what hands requests to them. */
export function servePool(
  { hub, visitorsHub = null, tables, trustsProxy, limitsClients, ...options }:
    ServeOptions,
): Served {
  const limits = {
    ...poolLimits(navigator.hardwareConcurrency),
    ...options.limits,
  };
  const used = new Budget(BUDGET_LIMITS, CLOCK);
  const forAll = hub && new LookUpDesk(hub);
  const lookUps = forAll && visitorsHub
    ? new VisitorLookUps(
      forAll,
      (token) => new LookUpDesk(visitorsHub(token), OF_VISITOR),
    )
    : forAll;
  const script = options.script ?? new URL("worker.ts", import.meta.url);
  const pool = new Pool({
    start: threadsOf(
      script,
      { hasHub: hub !== null, tables, watchdogMs: limits.watchdogMs },
      limits,
    ),
    // What computes here holds all others up: it is stopped sooner.
    instead: localThreads(
      applicationWith(hub !== null, tables),
      limits.busyMs,
    ),
    limits,
    lookUps,
    processMs: processMilliseconds,
    onSpent: (client, milliseconds) => used.charge(client, milliseconds),
    spentBy: (client) => used.spentBy(client),
  });
  const quick = new Quick();
  const fetch = createFront({
    pool,
    quick,
    bodies: new Bodies(CLOCK),
    limits,
    budget: limitsClients ? used : null,
    trustsProxy,
    offersSignIn: visitorsHub !== null,
  });
  return { fetch, quick, close: () => pool.close() };
}

function processMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Loads the application into this thread. */
function applicationWith(
  hasHub: boolean,
  tables: TablesConfig,
): LoadApplication {
  return async (lookUps) => {
    const { createAppWith } = await import("../../app.ts");
    const app = createAppWith(hasHub ? lookUps : null, tables);
    if (watchesPromises) return (request) => app.fetch(request);
    return (request) =>
      CALLER.run({ maxCost: MAX_COST }, () => app.fetch(request));
  };
}
