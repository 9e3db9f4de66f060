import { Hono } from "hono";
import { STATIC } from "../../static/mod.ts";
import { assets } from "../assets.ts";
import { forAll } from "../for_all.ts";
import type { RefusedStatus } from "../refused_status.ts";
import { refuse } from "../refuse.tsx";
import { NOT_KEPT, send } from "../send.ts";

/** What is the same for everybody. */
const PATHS: ReadonlySet<string> = new Set([
  "/healthz",
  "/favicon.ico",
  ...Object.values(STATIC).map(({ path }) => path),
]);

/** Why a request is not answered. */
export interface Refusal {
  status: RefusedStatus;
  message: string;
  headers?: Record<string, string>;
}

/** What is told of a request beside itself. */
interface Told {
  Bindings: { refusal?: Refusal };
}

/** What the listening thread answers by itself: what needs no computing. */
export class Quick {
  readonly #app = new Hono<Told>();

  constructor() {
    forAll(this.#app);
    this.#app.use(send);
    this.#app.use(async (c, next) => {
      const { refusal } = c.env;
      if (!refusal) return await next();
      const { status, message, headers } = refusal;
      return await refuse(c, status, message, {
        "Cache-Control": NOT_KEPT,
        ...headers,
      });
    });
    this.#app.route("/", assets);
    this.#app.get(
      "/healthz",
      (c) => c.text("ok", 200, { "Cache-Control": NOT_KEPT }),
    );
  }

  /** Answers a request that needs no computing; null where it does. */
  answer(request: Request): Response | Promise<Response> | null {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const path = URL.parse(request.url)?.pathname ?? "";
    return PATHS.has(path) ? this.#app.fetch(request, {}) : null;
  }

  /** What says that the server is there. */
  health(): Response | Promise<Response> {
    return this.#app.fetch(new Request("http://localhost/healthz"), {});
  }

  /** What says that too much is asked, for whoever asks. */
  busy(): Response | Promise<Response> {
    return this.refuse(new Request("http://localhost/api"), {
      status: 503,
      message: "Too many requests are open just now; try again in 5 seconds",
      headers: { "Retry-After": "5" },
    });
  }

  /** Refuses a request, in the shape of whoever asks. */
  refuse(request: Request, refusal: Refusal): Response | Promise<Response> {
    return this.#app.fetch(request, { refusal });
  }
}
