import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../app.ts";
import { openHub } from "../../hub/mod.ts";
import { answered } from "./answered.ts";
import type { FakeHub } from "./fake_hub.ts";
import { startFakeHub, TOKEN } from "./fake_hub.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  vocab_size: 320,
};

Deno.test("the page looks a model up when it is loaded, not while its name is typed", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const app = createApp(openHub(hub));
  const typing = await app.request("/answer?model=a/b");
  assertEquals(typing.status, 422);
  assertStringIncludes(await typing.text(), 'href="/?model=a%2Fb"');
  assertEquals(hub.asked, []);

  const page = await answered(app, "/?model=a/b");
  assertEquals(page.status, 200);
  assertStringIncludes(await page.text(), "a/b (llama)");
  const answer = await answered(app, "/answer?model=a/b&train.micro_batch=2");
  assertEquals(answer.status, 200);
  assertEquals(
    answer.headers.get("hx-replace-url"),
    "/?model=a/b&train.micro_batch=2",
  );
  assertEquals((await answered(app, "/gpus?model=a/b")).status, 200);
  assertEquals(hub.asked.length, 2);
});

Deno.test("the API looks a model up, and says what the Hub says", async () => {
  await using hub = startFakeHub({
    "a/b": { config: CONFIG },
    "a/gated": { config: CONFIG, gated: true },
  });
  const app = createApp(openHub(hub));
  const ask = (model: string): Promise<Response> =>
    Promise.resolve(app.request("/api/v1/estimate", {
      method: "POST",
      body: JSON.stringify({ model }),
    }));
  const found = await ask("a/b");
  assertEquals(found.status, 200);
  assertEquals((await found.json()).model.name, "a/b");
  const gated = await ask("a/gated");
  assertEquals(gated.status, 422);
  assertStringIncludes((await gated.json()).error.message, "a/gated is gated");
});

Deno.test("the command line asks HF_ENDPOINT, with HF_TOKEN, and tells it nowhere", async () => {
  await using hub = startFakeHub({
    "a/gated": { config: CONFIG, gated: true },
  });
  const open = await estimate(hub, ["--model", "a/gated"], { HF_TOKEN: TOKEN });
  assertEquals(open.code, 0, open.text);
  assertStringIncludes(open.text, "a/gated (llama)");
  const closed = await estimate(hub, ["--model", "a/gated"], {});
  assertEquals(closed.code, 2);
  assertStringIncludes(closed.text, "accept its terms");
  const wrong = await estimate(hub, ["--model", "a/gated"], {
    HF_TOKEN: "hf_secret",
  });
  assertEquals(wrong.code, 2);
  assert(!wrong.text.includes("hf_secret"));
  const asked = hub.asked.length;
  const offline = await estimate(hub, ["--model", "a/gated"], {
    HF_HUB_OFFLINE: "1",
  });
  assertEquals(offline.code, 2);
  assertEquals(hub.asked.length, asked);
});

async function estimate(
  hub: FakeHub,
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-net=127.0.0.1",
      "--allow-env=INIT_CWD,NO_COLOR,FORCE_COLOR,HF_ENDPOINT,HF_TOKEN,HF_HUB_OFFLINE",
      "cli.ts",
      "estimate",
      ...args,
    ],
    cwd: ROOT,
    env: { HF_ENDPOINT: hub.endpoint, NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}
