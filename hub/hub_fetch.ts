/** Largest answer that is read: a checkpoint's header has at most 25 MB. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Longest that one request may take. */
const TIMEOUT_MS = 15_000;
/** How often a request is tried anew after 429 or a server's failure. */
const RETRIES = 2;
/** Longest that a server may ask to wait before it is asked again. */
const MAX_WAIT_MS = 10_000;
/** Requests under way at once. */
const MAX_PARALLEL = 20;
const MAX_REDIRECTS = 5;

/** Hosts that huggingface.co keeps its files on. */
const HUGGING_FACE = /(^|\.)(huggingface\.co|hf\.co)$/;

/** What the requests to one Hub have in common. */
export interface HubAccess {
  /** Where the Hub is, such as https://huggingface.co */
  endpoint: string;
  /** Sent to the endpoint alone, never to where it redirects. */
  token?: string | undefined;
  fetch?: typeof globalThis.fetch | undefined;
  signal?: AbortSignal | undefined;
}

/** The Hub could not be asked, or answered too much. */
export class HubUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HubUnreachable";
  }
}

/**
 * A fetch that goes to one Hub only: to its endpoint, and from there to where
 * that redirects. It keeps the token from anybody else, limits time, size and
 * requests at once, and tries again when the Hub asks for patience.
 */
export function hubFetch(access: HubAccess): typeof globalThis.fetch {
  const origin = new URL(access.endpoint).origin;
  const ask = access.fetch ?? globalThis.fetch;
  const turns = new Turns(MAX_PARALLEL);

  async function once(url: URL, init: RequestInit): Promise<Response> {
    let target = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await ask(target, {
        ...init,
        headers: headersFor(target, init),
        redirect: "manual",
        signal: signalOf(access),
      });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status >= 400 || !location) {
        return response;
      }
      await response.body?.cancel();
      target = new URL(location, target);
      if (!mayRedirect(origin, target)) {
        throw new HubUnreachable(
          `${origin} redirects to ${target.host}, which is not one of its hosts`,
        );
      }
    }
    throw new HubUnreachable(`${origin} redirects without end`);
  }

  function headersFor(target: URL, { headers }: RequestInit): Headers {
    const sent = new Headers(headers);
    sent.delete("authorization");
    if (access.token && target.origin === origin) {
      sent.set("authorization", `Bearer ${access.token}`);
    }
    return sent;
  }

  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) {
      throw new HubUnreachable(`${url.host} is not the configured Hub`);
    }
    await turns.take();
    try {
      for (let attempt = 0;; attempt++) {
        const response = await once(url, init);
        const again = response.status === 429 || response.status >= 500;
        const wait = waitOf(response, attempt);
        if (!again || attempt === RETRIES || wait > MAX_WAIT_MS) {
          return limited(response);
        }
        await response.body?.cancel();
        await new Promise((done) => setTimeout(done, wait));
      }
    } catch (error) {
      throw reachable(error, origin);
    } finally {
      turns.give();
    }
  };
}

/** Lets so many through at once. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((done) => this.#waiting.push(done));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

function mayRedirect(origin: string, target: URL): boolean {
  const endpoint = new URL(origin);
  if (target.protocol !== endpoint.protocol && target.protocol !== "https:") {
    return false;
  }
  return HUGGING_FACE.test(endpoint.hostname)
    ? HUGGING_FACE.test(target.hostname)
    : true;
}

function signalOf({ signal }: HubAccess): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/** Milliseconds that the server asks to wait, or a little more each time. */
function waitOf(response: Response, attempt: number): number {
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return Number.isFinite(seconds) ? 1000 * seconds : 200 * 2 ** attempt;
}

/** The response, but one that ends when it has said too much. */
function limited(response: Response): Response {
  if (!response.body) return response;
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > MAX_BYTES) {
          controller.error(
            new HubUnreachable(`The answer has more than ${MAX_BYTES} bytes`),
          );
        } else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  const copy = new Response(counted, { status, statusText, headers });
  Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}

function reachable(error: unknown, origin: string): Error {
  if (error instanceof HubUnreachable) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new HubUnreachable(
      `${origin} did not answer within ${TIMEOUT_MS / 1000} seconds`,
    );
  }
  if (error instanceof DOMException) return error;
  return new HubUnreachable(`${origin} cannot be reached`, { cause: error });
}
