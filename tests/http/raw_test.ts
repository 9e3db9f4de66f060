import { assert, assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { app } from "../../app.ts";
import { SEED } from "../seed.ts";

const H = "Host: 127.0.0.1\r\n";
const API = "POST /api/v1/estimate HTTP/1.1\r\n" + H;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Requests that HTTP forbids or hardly allows, and the statuses that fit. */
const CASES: Record<string, [Uint8Array | string, number[]]> = {
  "a usual one": [`GET /healthz HTTP/1.1\r\n${H}\r\n`, [200]],
  "no host": ["GET /?model=gpt2 HTTP/1.1\r\n\r\n", [200, 303, 400]],
  "an empty host": ["GET / HTTP/1.1\r\nHost: \r\n\r\n", [200, 400]],
  "a port that is none": ["GET / HTTP/1.1\r\nHost: a:99999999\r\n\r\n", [400]],
  "a host with markup": ['GET / HTTP/1.1\r\nHost: "><fzx\r\n\r\n', [400]],
  "a host with a space": ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", [400]],
  "a host in brackets": ["GET / HTTP/1.1\r\nHost: [::\r\n\r\n", [400]],
  "a host's percent": ["GET / HTTP/1.1\r\nHost: %zz\r\n\r\n", [400]],
  "the same for /api": [
    "GET /api/v1/estimate?model=gpt2 HTTP/1.1\r\nHost: a:b:c\r\n\r\n",
    [400],
  ],
  "two hosts": ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [200, 400]],
  "another's address": [
    `GET http://evil.example/healthz HTTP/1.1\r\n${H}\r\n`,
    [200, 400, 404],
  ],
  "a file's address": [`GET file:///etc/passwd HTTP/1.1\r\n${H}\r\n`, [
    400,
    404,
  ]],
  "an asterisk": [`OPTIONS * HTTP/1.1\r\n${H}\r\n`, [200, 204, 400, 404]],
  "a tunnel": [`CONNECT a.example:443 HTTP/1.1\r\n${H}\r\n`, [400, 404, 405]],
  "a space in the path": [`GET /a b HTTP/1.1\r\n${H}\r\n`, [400]],
  "a null in the path": [`GET /a\0b HTTP/1.1\r\n${H}\r\n`, [400]],
  "UTF-8 in the path": [`GET /é?model=\u202e HTTP/1.1\r\n${H}\r\n`, [
    400,
    404,
  ]],
  "bytes in the path": [
    new Uint8Array([
      ...bytes("GET /"),
      ...[0xff, 0xfe, 0x80],
      ...bytes(` HTTP/1.1\r\n${H}\r\n`),
    ]),
    [400, 404],
  ],
  "an unknown method": [`FROB / HTTP/1.1\r\n${H}\r\n`, [400, 405]],
  "a body by TRACE": [
    `TRACE /api/v1/estimate HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\n{}`,
    [400, 405],
  ],
  "a method in small letters, with a body": [
    `post /api/v1/estimate HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\n{}`,
    [400, 405, 422],
  ],
  "a method that scripts may not use": [`TRACE / HTTP/1.1\r\n${H}\r\n`, [405]],
  "another such method, with a body": [
    `TRACK /api/v1/estimate HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\n{}`,
    [405],
  ],
  "a method in small letters": [`get / HTTP/1.1\r\n${H}\r\n`, [400, 405]],
  "a long header": [`GET / HTTP/1.1\r\n${H}X: ${"a".repeat(65_536)}\r\n\r\n`, [
    400,
    431,
  ]],
  "another version": [`GET / HTTP/9.9\r\n${H}\r\n`, [400, 505]],
  "bytes that are no HTTP": [new Uint8Array([22, 3, 1, 0, 5, 1, 0, 0]), [400]],
  "a negative length": [`${API}Content-Length: -1\r\n\r\n{}`, [400]],
  "a length of 2 GiB": [`${API}Content-Length: 2147483648\r\n\r\n{}`, [413]],
  "less than its length": [`${API}Content-Length: 100\r\n\r\n{}`, [400]],
  "less of a form": [
    `POST /import HTTP/1.1\r\n${H}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 999\r\n\r\n--x\r\n`,
    [400],
  ],
  "less of a file": [
    `POST /config HTTP/1.1\r\n${H}Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n--x\r\n\r\n`,
    [400],
  ],
  "a body by GET": [
    `GET /api/v1/estimate?model=gpt2 HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\nhello`,
    [200, 400],
  ],
};

/** Serves the application on a free port. */
async function serving(
  ask: (port: number) => Promise<void>,
): Promise<unknown[]> {
  const said: unknown[] = [];
  const log = console.error;
  console.error = (...each) => said.push(...each);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    app.fetch,
  );
  try {
    await ask(server.addr.port);
    const response = await fetch(
      `http://127.0.0.1:${server.addr.port}/healthz`,
    );
    assertEquals(await response.text(), "ok");
  } finally {
    console.error = log;
    await server.shutdown();
  }
  return said;
}

/** Sends bytes and nothing more; the first piece of what comes back. */
async function firstOf(port: number, sent: Uint8Array): Promise<string> {
  const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
  try {
    for (let at = 0; at < sent.length;) {
      at += await connection.write(sent.subarray(at));
    }
    await connection.closeWrite();
    const piece = new Uint8Array(65_536);
    const size = await connection.read(piece) ?? 0;
    return new TextDecoder().decode(piece.subarray(0, size));
  } catch (error) {
    // Whoever sends what is no HTTP may be hung up on while sending.
    if (error instanceof Deno.errors.ConnectionReset) return "";
    if (error instanceof Deno.errors.BrokenPipe) return "";
    throw error;
  } finally {
    connection.close();
  }
}

function statusOf(answer: string): number | null {
  const [, status] = answer.match(/^HTTP\/1\.[01] (\d{3}) /) ?? [];
  return status === undefined ? null : Number(status);
}

Deno.test("what HTTP forbids or hardly allows is answered, and others with it", async () => {
  const wrong: string[] = [];
  const said = await serving(async (port) => {
    for (const [name, [sent, statuses]] of Object.entries(CASES)) {
      const answer = await firstOf(
        port,
        typeof sent === "string" ? bytes(sent) : sent,
      );
      const status = statusOf(answer);
      if (status === null || !statuses.includes(status)) {
        wrong.push(`${name}: ${answer.slice(0, 60)}`);
      }
      if (answer.includes("<fzx")) wrong.push(`${name}: it is not escaped`);
    }
  });
  assertEquals(wrong, []);
  assertEquals(said, []);
});

Deno.test("a client that leaves without waiting harms nobody", async () => {
  const said = await serving(async (port) => {
    for (const [sent] of Object.values(CASES)) {
      const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
      await connection.write(typeof sent === "string" ? bytes(sent) : sent);
      connection.close();
    }
  });
  assertEquals(said, []);
});

const anyByte = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.constantFrom(
    ...["\r\n", "\r\n\r\n", "\n", "GET / HTTP/1.1", "Host: a", ": ", "\0"],
    ...["Content-Length: 5", "Transfer-Encoding: chunked", "0", "ffffffff"],
    ...["POST /api/v1/estimate HTTP/1.1", "Expect: 100-continue", "{", "?a=%"],
    ...["POST /config HTTP/1.1", "Content-Type: multipart/form-data;"],
  ).map(bytes),
);

Deno.test(`200 heaps of bytes are answered or hung up on (seed ${SEED})`, async () => {
  const said = await serving(async (port) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyByte, { minLength: 1, maxLength: 12 }),
        async (parts) => {
          const sent = new Uint8Array(parts.flatMap((part) => [...part]));
          const status = statusOf(await firstOf(port, sent));
          assert(status === null || status < 500, `${status}`);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });
  assertEquals(said, []);
});
