/**
 * Measures what users wait for: the time from start to the first answer, answers
 * per second, and the weight of the page. Prints; asserts nothing.
 *
 * @module
 */
const ROOT = new URL("../", import.meta.url);
const STARTS = 5;
const CONNECTIONS = 32;
const SECONDS = 3;
const QUERY =
  "model=meta-llama/Llama-3.1-8B&train.method=qlora&train.micro_batch=2";

/** Requests that have been sent; each asks for another length. */
let asked = 0;

const first: number[] = [];
for (let start = 0; start < STARTS; start++) {
  await using server = await startServer();
  first.push(server.milliseconds);
}
first.sort((a, b) => a - b);
console.log(
  `start to first 200: ${first.map((ms) => ms.toFixed(0)).join(", ")} ms`,
);

await using server = await startServer();
for (
  const path of [`/answer?${QUERY}`, `/?${QUERY}`, `/api/v1/estimate?${QUERY}`]
) {
  console.log(`${path.split("?")[0]}: ${await perSecond(path)} requests/s`);
}
await weigh();

interface Started extends AsyncDisposable {
  origin: string;
  milliseconds: number;
}

async function startServer(): Promise<Started> {
  const port = freePort();
  const origin = `http://127.0.0.1:${port}`;
  const from = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--cached-only",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-env=PORT,DENO_SERVE_ADDRESS,LOG_REQUESTS",
      "--allow-read=app.ts,hub,lib,routes,static,templates",
      "main.ts",
    ],
    cwd: ROOT,
    env: {
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      LOG_REQUESTS: "0",
    },
    stdout: "null",
    stderr: "null",
  }).spawn();
  while (!await answers(origin)) {
    await new Promise((done) => setTimeout(done, 2));
  }
  return {
    origin,
    milliseconds: performance.now() - from,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
    },
  };
}

async function answers(origin: string): Promise<boolean> {
  try {
    const response = await fetch(origin);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Requests per second over keep-alive connections, the client on the same cores,
 * each for another scenario: the server keeps what it has answered.
 */
async function perSecond(path: string): Promise<string> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: CONNECTIONS });
  const end = performance.now() + 1000 * SECONDS;
  let requests = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < end) {
        const response = await fetch(
          `${server.origin}${path}&train.sequence_length=${++asked}`,
          {
            client,
            headers: { "accept-encoding": "identity" },
          },
        );
        await response.arrayBuffer();
        requests++;
      }
    }),
  );
  client.close();
  return (requests / SECONDS).toFixed(0);
}

/** The page and all that it loads, as they travel. */
async function weigh(): Promise<void> {
  const page = await (await fetch(`${server.origin}/?${QUERY}`)).text();
  const files = [...page.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)]
    .map(([, path]) => path ?? "");
  let total = await gzipped(page);
  console.log(`page: ${total} bytes compressed`);
  for (const path of new Set(files)) {
    const bytes = await gzipped(
      await (await fetch(`${server.origin}${path}`)).text(),
    );
    console.log(`${path.split("?")[0]}: ${bytes} bytes compressed`);
    total += bytes;
  }
  console.log(`everything: ${total} bytes compressed`);
}

async function gzipped(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return (await new Response(stream).arrayBuffer()).byteLength;
}

function freePort(): number {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  return port;
}
