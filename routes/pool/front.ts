import type { Bodies } from "../body.ts";
import type { Budget } from "./budget.ts";
import { VISITOR } from "../../templates/asked.ts";
import { clientOf } from "./client_address.ts";
import type { Outcome } from "./job.ts";
import type { PoolLimits } from "./limits.ts";
import type { SentAnswer } from "./messages.ts";
import type { Pool } from "./pool.ts";
import type { Quick, Refusal } from "./quick.ts";

/** Seconds after which to try again where there is too much to do. */
const RETRY_SECONDS = 5;
/** What every request of an address that asks for many estimates costs at least. */
const LEAST_MS = 200;
const COSTLY =
  /^\/((gradio_api\/)?mcp\/?|(api\/v1\/)?(largest|compare|advice|strategies))$/;

/** What a {@linkcode createFront} is made of. */
export interface FrontOptions {
  pool: Pick<Pool, "run">;
  quick: Quick;
  bodies: Bodies;
  limits: Pick<PoolLimits, "busyMs">;
  /** What clients have used; null where they may use what they like. */
  budget: Budget | null;
  /** Whether X-Forwarded-For names the client. */
  trustsProxy: boolean;
  /** Whether visitors may sign in. */
  offersSignIn?: boolean;
}

/** What `Deno.serve` tells of a request. */
export interface Peer {
  remoteAddr: Deno.Addr;
  /** Why its body could not be read, where somebody else reads it. */
  problem?: Refusal | undefined;
  /** Who has signed in. */
  visitor?: { name: string; token: string };
}

/**
 * What listens: it answers what needs no computing, and hands on the rest as
 * bytes. Nothing here takes longer for one request than for another.
 */
export function createFront(
  options: FrontOptions,
): (request: Request, peer: Peer) => Promise<Response> {
  const { pool, quick, bodies, budget, limits, trustsProxy } = options;
  const { offersSignIn = false } = options;

  const answer = async (
    request: Request,
    client: string,
    visitor: Peer["visitor"],
  ): Promise<Response> =>
    await bodies.use(request, async (read) => {
      if (!read.ok) return await quick.refuse(request, read);
      const { method, url, headers } = request;
      const outcome = await pool.run(
        {
          method,
          url,
          headers: withVisitor(headers, offersSignIn, visitor?.name ?? ""),
          body: read.body,
          client,
        },
        request.signal,
        visitor?.token,
      );
      if (outcome.kind === "answered") return responseOf(outcome.answer);
      return await quick.refuse(request, refusalOf(outcome, limits));
    });

  return async (request, { remoteAddr, problem, visitor }) => {
    if (problem) return await quick.refuse(request, problem);
    const known = quick.answer(request);
    if (known) return await known;
    const peer = "hostname" in remoteAddr ? remoteAddr.hostname : "";
    const client = clientOf(
      peer,
      trustsProxy ? request.headers.get("x-forwarded-for") : null,
    );
    const wait = budget?.waitSeconds(client) ?? 0;
    if (wait > 0) return await quick.refuse(request, tooOften(wait));
    const isCostly = COSTLY.test(URL.parse(request.url)?.pathname ?? "");
    if (isCostly) budget?.charge(client, LEAST_MS);
    return await answer(request, client, visitor);
  };
}

/** Headers for a worker: who asks by name, and nothing that is secret. */
function withVisitor(
  headers: Headers,
  offersSignIn: boolean,
  name: string,
): [name: string, value: string][] {
  const plain = [...headers].filter(([name]) =>
    name !== "cookie" && name !== VISITOR
  );
  return offersSignIn ? [...plain, [VISITOR, encodeURIComponent(name)]] : plain;
}

function responseOf({ status, headers, body }: SentAnswer): Response {
  return new Response(body, { status, headers });
}

function tooOften(seconds: number): Refusal {
  return {
    status: 429,
    message:
      `Your address has asked for more than its share of costly estimates: try again in ${seconds} seconds`,
    headers: { "Retry-After": `${seconds}` },
  };
}

function refusalOf(
  { kind }: Outcome,
  { busyMs }: Pick<PoolLimits, "busyMs">,
): Refusal {
  const headers = { "Retry-After": `${RETRY_SECONDS}` };
  const again = `try again in ${RETRY_SECONDS} seconds`;
  switch (kind) {
    case "too long":
      return {
        status: 503,
        message: `The request was given up: it must take at most ${
          busyMs / 1000
        } seconds of processor time, and takes more; ask for less at once`,
        headers,
      };
    case "broken":
      return {
        status: 503,
        message:
          `The request was given up: it needs more memory than there is for it; ask for less at once`,
        headers,
      };
    default:
      return {
        status: 503,
        message: `Too many requests wait just now; ${again}`,
        headers,
      };
  }
}
