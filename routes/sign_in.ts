import type { Fetch } from "./access_log.ts";
import { OF_ADDRESS } from "./caching.ts";
import type { RefusedStatus } from "./refused_status.ts";
import { NOT_KEPT } from "./send.ts";
import { Provider } from "./sign_in/provider.ts";
import type { Journey } from "./sign_in/provider.ts";
import { SealedCookies } from "./sign_in/sealed_cookies.ts";
import type { SignInSettings } from "./sign_in/settings.ts";
import { CALLBACK, SIGN_IN, SIGN_OUT } from "./sign_in/settings.ts";

/** Seconds that a visitor may take at the provider. */
const JOURNEY_SECONDS = 600;
/** Visitors whose codes are taken for tokens at once. */
const MAX_AT_ONCE = 20;

const JOURNEY = "journey";
const SESSION = "session";

/** What is told of a request beside itself. */
interface Asker {
  /** Who has signed in. */
  visitor?: { name: string; token: string };
}

/** Why a request is not answered. */
interface Refusal {
  status: RefusedStatus;
  message: string;
}

/** What {@linkcode signingIn} stands before. */
export interface SignInOptions<Peer extends Asker> {
  /** Answers visitors who have not signed in. */
  usual: Fetch<[Peer]>;
  /** Answers one who has: nothing of it is kept for others. */
  own: Fetch<[Peer]>;
  /** Refuses in the shape of whoever asks. */
  refuse(request: Request, refusal: Refusal): Response | Promise<Response>;
}

/**
 * Lets visitors sign in, and asks in their names from then on. It stands before
 * whatever estimates, so that a token comes to no code but what asks the Hub. It
 * is kept by the visitor's browser alone, sealed.
 */
export function signingIn<Peer extends Asker>(
  settings: SignInSettings,
  { usual, own, refuse }: SignInOptions<Peer>,
): Fetch<[Peer]> {
  const provider = new Provider(settings);
  const cookies = new SealedCookies(settings.clientSecret);
  let underWay = 0;

  // A page repeats its address, which may hold a code here.
  const refused = (
    { url, headers }: Request,
    status: Refusal["status"],
    message: string,
  ) =>
    refuse(new Request(url.replace(/\?.*/, ""), { headers }), {
      status,
      message,
    });

  async function begin(request: Request): Promise<Response> {
    const to = ownPath(new URL(request.url).searchParams.get("to"));
    const { url, journey } = await provider.begin(to);
    return redirect(url.href, [
      await cookies.header(JOURNEY, { ...journey }, JOURNEY_SECONDS),
    ]);
  }

  async function end(request: Request): Promise<Response> {
    const journey = await cookies.read(request.headers, JOURNEY);
    if (!journey) {
      return refused(
        request,
        400,
        "This sign-in was not begun here, or takes more than 10 minutes: begin anew",
      );
    }
    const { to, ...sent } = journey as unknown as Journey;
    const { searchParams } = new URL(request.url);
    const { name, token, seconds } = await provider.end(
      searchParams,
      { ...sent, to },
    );
    return redirect(ownPath(to), [
      await cookies.header(JOURNEY, null, 0),
      await cookies.header(SESSION, { name, token }, seconds),
    ]);
  }

  async function atProvider(
    request: Request,
    answer: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    if (underWay >= MAX_AT_ONCE) {
      return refused(request, 503, "Too many sign in just now: try again");
    }
    underWay++;
    try {
      return await answer(request);
    } catch {
      // What is wrong may hold a code or a token: it is nowhere written.
      return refused(
        request,
        502,
        "Hugging Face did not confirm the sign-in: try again",
      );
    } finally {
      underWay--;
    }
  }

  return async (request, peer) => {
    const path = URL.parse(request.url)?.pathname;
    const isGet = request.method === "GET";
    if (path === SIGN_IN && isGet) return await atProvider(request, begin);
    if (path === CALLBACK && isGet) return await atProvider(request, end);
    if (path === SIGN_OUT && request.method === "POST") {
      const site = request.headers.get("Sec-Fetch-Site") ?? "same-origin";
      return site === "same-origin"
        ? redirect("/", [await cookies.header(SESSION, null, 0)])
        : await refused(request, 403, "Only this page signs out of itself");
    }
    const session = await cookies.read(request.headers, SESSION);
    if (!session) return varying(await usual(request, peer));
    const { name, token } = session;
    return varying(
      await own(request, {
        ...peer,
        visitor: { name: String(name), token: String(token) },
      }),
      true,
    );
  };
}

/** A path of this server, whatever was asked for. */
function ownPath(to: unknown): string {
  const here = "http://localhost";
  const url = typeof to === "string" ? URL.parse(to, here) : null;
  // A path that begins with two slashes would be another host's address.
  const isOwn = url?.origin === here && !url.pathname.startsWith("//");
  return isOwn ? `${url.pathname}${url.search}` : "/";
}

function redirect(to: string, cookies: readonly string[]): Response {
  const headers = new Headers({
    Location: to,
    "Cache-Control": NOT_KEPT,
    "Referrer-Policy": "no-referrer",
  });
  for (const cookie of cookies) headers.append("Set-Cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** Says that an answer hangs on who asks. */
function varying(response: Response, isOwn = false): Response {
  const headers = new Headers(response.headers);
  headers.append("Vary", "Cookie");
  if (isOwn && headers.get("Cache-Control") === OF_ADDRESS) {
    headers.set("Cache-Control", "private, no-cache");
  }
  const { status, body } = response;
  return new Response(body, { status, headers });
}
