import type { Clock } from "../hub/look_up_places.ts";

/** Largest body that any address takes: a form with files. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Longest that a body may take to arrive. */
const MAX_MS = 10_000;
/** Bytes that the bodies of all requests may hold at once. */
const MAX_ALL_BYTES = 128 * 1024 * 1024;

/** A request's body, or why there is none. */
export type ReadBody =
  | { ok: true; body: Uint8Array<ArrayBuffer> | null }
  | { ok: false; status: 400 | 408 | 503; message: string };

/** Reads bodies, and knows how much they hold together. */
export class Bodies {
  readonly #clock: Pick<Clock, "after">;
  readonly #maxAll: number;
  #held = 0;

  constructor(
    clock: Pick<Clock, "after">,
    { maxAllBytes = MAX_ALL_BYTES }: { maxAllBytes?: number } = {},
  ) {
    this.#clock = clock;
    this.#maxAll = maxAllBytes;
  }

  /**
   * Reads a body whole, and holds it until it has been used. Of one that is too
   * large it takes only what shows that: the address says what its limit is.
   */
  async use<T>(
    request: Request,
    then: (read: ReadBody) => Promise<T>,
  ): Promise<T> {
    const { body } = request;
    if (!body) return await then({ ok: true, body: null });
    const stated = Number(request.headers.get("content-length") ?? 0);
    if (stated > MAX_BYTES) {
      await body.cancel().catch(() => {});
      return await then({ ok: true, body: new Uint8Array(1) });
    }
    let held = 0;
    const hold = (bytes: number): boolean => {
      held += bytes;
      this.#held += bytes;
      return this.#held <= this.#maxAll;
    };
    try {
      return await then(await this.#read(body, hold));
    } finally {
      this.#held -= held;
    }
  }

  async #read(
    body: ReadableStream<Uint8Array>,
    hold: (bytes: number) => boolean,
  ): Promise<ReadBody> {
    const reader = body.getReader();
    let isLate = false;
    const callOff = this.#clock.after(MAX_MS, () => {
      isLate = true;
      void reader.cancel().catch(() => {});
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      while (size <= MAX_BYTES) {
        const { done, value } = await reader.read();
        if (isLate) return late();
        if (done) return { ok: true, body: joined(chunks, size) };
        size += value.length;
        chunks.push(value);
        if (!hold(value.length)) {
          return {
            ok: false,
            status: 503,
            message:
              "Too much is being sent just now; try again in a few seconds",
          };
        }
      }
      return { ok: true, body: joined(chunks, size) };
    } catch {
      return isLate ? late() : {
        ok: false,
        status: 400,
        message: "The body must be sent whole: its sender broke off",
      };
    } finally {
      callOff();
      void reader.cancel().catch(() => {});
    }
  }
}

function late(): ReadBody {
  return {
    ok: false,
    status: 408,
    message: `The body must be sent within ${MAX_MS / 1000} seconds`,
  };
}

/** Chunks of so many bytes as one. */
export function joined(
  chunks: readonly Uint8Array[],
  size: number,
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
