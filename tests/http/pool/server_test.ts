import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import type { PoolLimits } from "../../../routes/pool/limits.ts";
import type { Program } from "./program.ts";
import { program } from "./program.ts";

/** Deadlines so late that only what a test does can end a request. */
const PATIENT: Partial<PoolLimits> = {
  workers: 1,
  busyMs: 600_000,
  watchdogMs: 600_000,
  queueMs: 600_000,
};

Deno.test("a request that computes for ever stops neither health nor others", async () => {
  await using server = await fake({ ...PATIENT, workers: 2, hireMs: 1 });
  const leaver = new AbortController();
  const endless = ask(server, "/loop", leaver);
  await server.says(/running \/loop/);
  assertEquals(await statusOf(ask(server, "/healthz")), 200);
  assertEquals(await statusOf(ask(server, "/echo")), 200);
  leaver.abort();
  assertEquals(await endless, null);
});

Deno.test("a request over its deadline is answered 503, in the documented shape", async () => {
  await using server = await fake({ busyMs: 200, watchdogMs: 1000 });
  const response = await ask(server, "/loop-later");
  assertEquals(response?.status, 503);
  assertMatch(response?.headers.get("retry-after") ?? "", /^\d+$/);
  const { error } = await response?.json();
  assertEquals(error.path, "");
  assertMatch(error.message, /at most 0.2 seconds of processor time/);
});

Deno.test("a client that leaves frees its place in the queue and in the worker", async () => {
  await using server = await fake({ ...PATIENT, queue: 1 });
  const [running, waiting] = [new AbortController(), new AbortController()];
  void ask(server, "/loop", running);
  await server.says(/running \/loop/);
  // Whichever comes first waits; there is no place for the other.
  const echoes = ["/echo?1", "/echo?2"].map((path) =>
    ask(server, path, waiting)
  );
  const refused = await Promise.race(echoes);
  assertEquals(refused?.status, 503);
  assertMatch(refused?.headers.get("retry-after") ?? "", /^\d+$/);
  await refused?.body?.cancel();
  waiting.abort();
  await server.says(/left \/echo/);
  running.abort();
  await server.says(/left \/loop/);
  assertEquals(await statusOf(ask(server, "/echo")), 200);
});

Deno.test("SIGTERM: what is under way is answered, and the server leaves with 0", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using server = await fake(PATIENT);
    const slow = ask(server, "/slow");
    await server.says(/running \/slow/);
    server.signal(signal);
    const response = await slow;
    assertEquals(response?.status, 200);
    assertEquals(await response?.text(), "at last");
    assertEquals((await server.ended()).code, 0);
    assertEquals(await ask(server, "/healthz"), null, "it listens still");
  }
});

Deno.test("main.ts answers by its workers, and ends on SIGTERM", async () => {
  await using server = await real();
  const page = await ask(server, "/answer?model=gpt2");
  assertEquals(page?.status, 200);
  await page?.body?.cancel();
  server.signal("SIGTERM");
  const { code, text } = await server.ended();
  assertEquals(code, 0);
  assert(!text.includes("one thread"), text);
});

Deno.test("main.ts answers a batch line by line, bad lines as well", async () => {
  await using server = await real();
  const body = ['{"model": "gpt2"}', "{", '{"model": "distilgpt2"}'].join("\n");
  const response = await ask(server, "/api/v1/batch", { body });
  assertEquals(response?.headers.get("content-type"), "application/x-ndjson");
  const lines = (await response?.text() ?? "").trim().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(
    lines.map(({ error, model }) => error?.path ?? model.name),
    ["openai-community/gpt2", "", "distilbert/distilgpt2"],
  );
});

Deno.test("the server says that it is there whatever its own thread is at", async () => {
  await using server = await started("tests/http/pool/fake_listener.ts", []);
  const echo = await ask(server, "/echo", { body: "größer" });
  assertEquals(await echo?.text(), "POST /echo größer from 127.0.0.1");
  void ask(server, "/endless");
  await server.says(/running \/endless/);
  const ids = new Set<string | null | undefined>();
  for (let time = 0; time < 3; time++) {
    const response = await ask(server, "/healthz");
    assertEquals(response?.status, 200);
    assertEquals(await response?.text(), "well");
    ids.add(response?.headers.get("x-request-id"));
  }
  assertEquals(ids.size, 3);
});

Deno.test("what is ready beforehand has an id of each request too", async () => {
  await using server = await started("tests/http/pool/fake_listener.ts", []);
  const idOf = async (
    headers: Record<string, string> = {},
  ): Promise<string> => {
    const response = await ask(server, "/healthz", { headers });
    await response?.body?.cancel();
    return response?.headers.get("x-request-id") ?? "";
  };
  assertEquals(await idOf({ "X-Request-Id": "abc-1" }), "abc-1");
  const ids = [
    await idOf(),
    await idOf(),
    await idOf({ "X-Request-Id": "a b" }),
  ];
  assertEquals(new Set(ids).size, 3);
  for (const id of ids) assertMatch(id, /^[\w=-]{36}$/);
});

Deno.test("a client that leaves is known of behind the listening thread", async () => {
  await using server = await started("tests/http/pool/fake_listener.ts", []);
  const leaver = new AbortController();
  const waits = ask(server, "/waits", leaver);
  await server.says(/running \/waits/);
  leaver.abort();
  assertEquals(await waits, null);
  await server.says(/left \/waits/);
});

Deno.test("lines go out as they come, and who leaves is known of", async () => {
  await using server = await started("tests/http/pool/fake_listener.ts", []);
  const decoder = new TextDecoder();
  const response = await ask(server, "/lines");
  const reader = response?.body?.getReader();
  const first = await reader?.read();
  assertEquals(decoder.decode(first?.value), "one\n");
  await (await ask(server, "/go"))?.body?.cancel();
  const second = await reader?.read();
  assertEquals(decoder.decode(second?.value), "two\n");
  assertEquals((await reader?.read())?.done, true);
  const other = await started("tests/http/pool/fake_listener.ts", []);
  await using _other = other;
  const leaver = new AbortController();
  const left = await ask(other, "/lines", leaver);
  await left?.body?.getReader().read();
  leaver.abort();
  await other.says(/left \/lines/);
});

Deno.test("main.ts answers in one thread where its modules may not be read", async () => {
  await using server = await real({ reads: false });
  const answer = ask(server, "/api/v1/estimate?model=gpt2");
  assertEquals(await statusOf(answer), 200);
  server.signal("SIGTERM");
  const { code, text } = await server.ended();
  assertEquals(code, 0);
  assertEquals(
    text.match(/computed in one thread.*Requires read access/g)?.length,
    1,
  );
});

Deno.test("what keeps the server from starting is one line, and a failure", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const taken = `${listener.addr.port}`;
  try {
    const wrong: [env: Record<string, string>, message: RegExp][] = [
      [{ PORT: taken }, new RegExp(`^PORT ${taken} is in use: .*\n$`)],
      [
        { DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${taken}` },
        /^DENO_SERVE_ADDRESS tcp:127.* is in use: .*\n$/,
      ],
      [{ PORT: "http" }, /^PORT must be a whole number .* value is http\n$/],
      [{ PORT: "99999" }, /^PORT must be .*\n$/],
      [
        { TABLES_CONFIG_DIR: "/nowhere" },
        /^TABLES_CONFIG_DIR .*--allow-read=\/nowhere\n$/,
      ],
    ];
    for (const [env, message] of wrong) {
      await using server = program(["--quiet", ...startArgs(true)], env);
      const { code, text } = await server.ended();
      assertMatch(text, message);
      assertEquals(code, 1);
    }
  } finally {
    listener.close();
  }
});

interface Server extends Program {
  origin: string;
}

function fake(limits: Partial<PoolLimits>): Promise<Server> {
  return started("tests/http/pool/fake_server.ts", [JSON.stringify(limits)]);
}

async function started(path: string, args: string[]): Promise<Server> {
  const server = program(["-A", path, ...args], {
    DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  });
  const [, origin = ""] = await server.says(/on (http:\S+?)\/?\s/);
  return { ...server, origin };
}

async function real({ reads = true } = {}): Promise<Server> {
  const server = program(startArgs(reads), {
    DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  });
  const [, origin = ""] = await server.says(/on (http:\S+?)\/?\s/);
  return { ...server, origin };
}

/** What `deno task start` says, with or without the modules of the workers. */
function startArgs(reads: boolean): string[] {
  const args = config.tasks.start.command.replaceAll(/["']/g, "").split(" ")
    .slice(2);
  return args.filter((arg) => reads || !arg.startsWith("--allow-read"));
}

/** Asks as a program does; null where the request comes to nothing. */
async function ask(
  { origin }: Server,
  path: string,
  { signal, body, headers }: {
    signal?: AbortSignal;
    body?: string;
    headers?: Record<string, string>;
  } = {},
): Promise<Response | null> {
  try {
    return await fetch(`${origin}${path}`, {
      headers: { accept: "application/json", ...headers },
      ...(body === undefined ? {} : { method: "POST", body }),
      ...(signal ? { signal } : {}),
    });
  } catch {
    return null;
  }
}

async function statusOf(asked: Promise<Response | null>): Promise<number> {
  const response = await asked;
  await response?.body?.cancel();
  return response?.status ?? 0;
}
