import { assert, assertEquals } from "@std/assert";
import { app } from "../../app.ts";
import { CONFIG, FIELDS, MODEL_FIELDS } from "./fields.ts";
import { dangersOf } from "./markup.ts";
import { address } from "./visit.ts";

const PAGES = [
  "/",
  "/?model=llama2-7b",
  "/?model=llama2-7b&task=serve",
  "/?model=nope&train.micro_batch=0",
  "/answer?model=llama2-7b",
  "/answer?model=nope",
  "/gpus",
  "/gpus?model=nope",
  "/tables",
  "/tables/answer?model=nope",
  "/compare?s1=model%3Dllama2-7b&s2=model%3Dllama2-7b%26train.method%3Dqlora&n2=small",
  "/compare?s1=model%3Dllama2-7b&s2=model%3Dnope&add=%22%3E%3Cb%3E%3F",
  "/largest?model=gpt2",
  "/advice?model=llama2-7b&hardware.gpu=RTX+4090",
  "/strategies?model=Qwen/Qwen2.5-7B&gpus=8",
  "/explain?model=llama2-7b&hardware.gpu=RTX+4090",
  "/traffic?model=llama2-7b&parallel.gpus=16&node_gbs=x",
  "/presets",
  "/docs",
  "/docs/accuracy",
  "/docs/configurations",
  "/docs/settings",
  "/docs/api",
  "/accuracy",
  "/scenario?model=llama2-7b",
  "/scenario?model=llama2-7b&train.micro_batch=0",
];
const OTHERS = ["/healthz", "/nowhere", "/static/page.js", "/api/v1/estimate"];

for (const path of PAGES) {
  Deno.test(`GET ${path} has no code, handler or style in its HTML`, async () => {
    const response = await app.request(path);
    assertEquals(dangersOf(await response.text()), []);
  });
}

for (const path of [...PAGES, ...OTHERS]) {
  Deno.test(`GET ${path} has strict headers`, async () => {
    const { headers, body } = await app.request(path);
    await body?.cancel();
    const policy = policyOf(headers);
    assertEquals(policy.get("default-src"), ["'none'"]);
    assertEquals(policy.get("base-uri"), ["'none'"]);
    assertEquals(policy.get("script-src"), ["'self'"]);
    assertEquals(policy.get("style-src"), ["'self'"]);
    assertEquals(policy.get("form-action"), ["'self'"]);
    for (const [name, sources] of policy) {
      for (const source of sources) {
        assert(!/unsafe|\*$|^(data|blob|https?):$/.test(source), name);
      }
    }
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assert(
      ["no-referrer", "same-origin", "strict-origin-when-cross-origin"]
        .includes(headers.get("referrer-policy") ?? ""),
    );
    assertEquals(headers.get("set-cookie"), null);
    assertEquals(headers.get("x-powered-by"), null);
    assertEquals(headers.get("server"), null);
  });
}

Deno.test("GET / can be framed by Hugging Face and nobody else", async () => {
  const { headers, body } = await app.request("/");
  await body?.cancel();
  assertEquals(headers.get("x-frame-options"), null);
  assertEquals(policyOf(headers).get("frame-ancestors")?.sort(), [
    "'self'",
    "https://*.hf.space",
    "https://huggingface.co",
  ]);
});

/** Texts that would do harm where they were not escaped. */
const ATTACKS: [name: string, text: string, raw: string[]][] = [
  ["a script", `"><script>alert(1)</script>`, ["<script>alert"]],
  ["a handler", `' onfocus=alert(1) autofocus='`, ["' onfocus"]],
  ["a handler in double quotes", `" onfocus="alert(1)`, [`" onfocus`]],
  ["the end of a textarea", "</textarea></title><svg/onload=alert(1)>", [
    "</textarea></title>",
    "<svg/onload",
  ]],
  ["a javascript: address", "javascript:alert(1)", [`href="javascript:`]],
  ["a null byte", "7B\0<b>", ["\0", "<b>"]],
  ["a very long text", `<i>${"x".repeat(8000)}`, ["<i>"]],
  ["text from right to left", "\u202e<u>\u2066gpj.exe", ["<u>"]],
  ["a template", "{{7*7}}${7*7}<%=7*7%>", ["<%="]],
  ["a header", "a\r\nSet-Cookie: b=c\r\n\r\n<em>", ["<em>"]],
  ["a half of a character", "\ud800<s>", ["<s>"]],
];

const TEXT_FIELDS = [...FIELDS, ...MODEL_FIELDS, "hardware.gpu.memory_gib"];

for (const [name, text, raw] of ATTACKS) {
  Deno.test(`GET answers ${name} in every field with its text escaped`, async () => {
    const faults: string[] = [];
    for (const field of TEXT_FIELDS) {
      const query = {
        ...(field.startsWith("model") ? {} : { model: "llama2-7b" }),
        [field]: text,
      };
      for (const path of ["/", "/answer", "/gpus", "/api/v1/estimate"]) {
        const fault = await faultOf(address(path, query), raw);
        if (fault) faults.push(`${path} ${field}: ${fault}`);
      }
    }
    assertEquals(faults, []);
  });
}

Deno.test("GET answers a name that is no field with its text escaped", async () => {
  for (const [, text, raw] of ATTACKS) {
    for (const path of ["/", "/answer", "/gpus", "/api/v1/estimate"]) {
      for (const name of [text, `train.${text}`, `model.dims.${text}`]) {
        const query = { model: "llama2-7b", [name]: "1" };
        assertEquals(await faultOf(address(path, query), raw), null, name);
      }
    }
  }
});

/** Valid texts that the answer repeats. */
for (const [name, text, raw] of ATTACKS) {
  Deno.test(`GET answers a config.json whose name is ${name}`, async () => {
    const config = { ...CONFIG, _name_or_path: text, model_type: text };
    const query = { "model.config": JSON.stringify(config) };
    for (const path of ["/", "/answer", "/gpus", "/api/v1/estimate"]) {
      const first = await app.request(address(path, query));
      const moved = first.headers.get("location");
      await first.body?.cancel();
      const there = moved ?? address(path, query);
      assertEquals(await faultOf(there, raw), null, path);
      if (path === "/api/v1/estimate") continue;
      const response = await app.request(there);
      assert([200, 422].includes(response.status), `${response.status}`);
      assertEquals(dangersOf(await response.text()), [], path);
    }
  });
}

Deno.test("GET / leaves names like those of every object alone", async () => {
  for (
    const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]
  ) {
    for (
      const path of [name, `${name}.x`, `train.${name}`, `train.${name}.x`]
    ) {
      const response = await app.request(`/answer?model=llama2-7b&${path}=1`);
      // Only a name with a dot is meant for a field; none begins so.
      const isMeant = path.includes(".") && !path.startsWith("_");
      const wanted = isMeant ? 422 : 200;
      assertEquals(response.status, wanted, path);
      await response.body?.cancel();
    }
  }
  assertEquals(Object.hasOwn(Object.prototype, "x"), false);
});

Deno.test("GET / answers a name that nests without end", async () => {
  for (const start of ["a", "train.a", "train.micro_batch.a", "model.a"]) {
    const name = start + ".a".repeat(15_000);
    for (const path of ["/", "/answer", "/api/v1/estimate"]) {
      const response = await app.request(`${path}?model=llama2-7b&${name}=1`);
      await response.body?.cancel();
      assertEquals(response.status, 422, `${path} ${start}`);
    }
  }
});

/** What is wrong with the answer to an address, or null. */
async function faultOf(path: string, raw: string[]): Promise<string | null> {
  const response = await app.request(path);
  const body = await response.text();
  const { status, headers } = response;
  if (![200, 303, 422].includes(status)) return `status ${status}`;
  if (headers.has("set-cookie")) return "a cookie";
  if (status === 303) {
    return headers.get("location")?.startsWith("/?") ? null : "moved away";
  }
  if (path.startsWith("/api/")) {
    if (!headers.get("content-type")?.startsWith("application/json")) {
      return "no JSON";
    }
    JSON.parse(body);
    return null;
  }
  const shown = raw.find((part) => body.includes(part));
  return shown === undefined ? null : `${JSON.stringify(shown)} is unescaped`;
}

function policyOf(headers: Headers): Map<string, string[]> {
  const text = headers.get("content-security-policy") ?? "";
  return new Map(
    text.split(";").map((directive) => {
      const [name = "", ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
}
