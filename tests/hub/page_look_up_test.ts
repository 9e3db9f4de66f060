/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Hono } from "hono";
import { createApp } from "../../app.ts";
import { openHub } from "../../hub/mod.ts";
import { documentOf, only, textOf } from "../http/visit.ts";
import { answered } from "./answered.ts";
import { startFakeHub } from "./fake_hub.ts";
import { CONFIG, gate, SHARDED } from "./slow_hub.ts";

const LIVE = "/answer?model=a/b&look_up=a/b";
const HEADERS = `${LIVE}&count_from=headers`;

Deno.test("a name is looked up once it stands, and other settings then answer", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const app = createApp(openHub(hub));
  const offered = await ask(app, "/answer?model=a/b&look_up=a/");
  assertEquals(offered.status, 422);
  const link = only(offered.document, "[data-look-up]");
  assertEquals(link.getAttribute("href"), "/?model=a%2Fb");
  assertEquals(hub.asked, []);
  const found = await ask(app, LIVE);
  assertEquals(found.status, 200);
  assertEquals(found.address, "/?model=a/b");
  const asked = hub.asked.length;
  assertEquals((await ask(app, "/answer?model=a/b")).status, 200);
  assertEquals(hub.asked.length, asked);
});

Deno.test("what else is wrong is told with a model that is not looked up yet", async () => {
  await using hub = startFakeHub({});
  const app = createApp(openHub(hub));
  const { status, document } = await ask(
    app,
    "/answer?model=a/b&hardware.gpu=x",
  );
  assertEquals(status, 422);
  only(document, "[data-problem='hardware.gpu']");
  assertMatch(
    textOf(only(document, "[data-problem='model']")),
    /looked up on the Hub once the rest is mended: current value is "a\/b"/,
  );
  const more = await ask(app, "/answer?model=a/b&train.micro_batch=0");
  only(more.document, "[data-problem='train.micro_batch']");
  only(more.document, "[data-problem='model']");
  assertEquals(hub.asked, []);
});

Deno.test("a slow look-up tells which header it reads, and ends in the answer", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG, files: SHARDED } });
  const held = gate(/\.safetensors$/);
  const app = createApp(openHub({ ...hub, fetch: held.fetch }));
  const first = await askOnce(app, HEADERS);
  assertEquals(first.status, 202);
  assertEquals(first.address, "/?model=a%2Fb&count_from=headers");
  const poll = only(first.document, ".looking-up");
  assertEquals(poll.getAttribute("hx-get"), "/answer");
  assertEquals(poll.getAttribute("hx-include"), "#scenario");
  assertMatch(poll.getAttribute("hx-trigger") ?? "", /^load delay:\d+ms$/);
  await held.arrived(3);
  const reading = await askOnce(app, HEADERS);
  assertEquals(reading.status, 202);
  assertEquals(
    textOf(only(reading.document, "#looking-up-state")),
    "Reading header 1 of 3 …",
  );
  assertEquals(only(reading.document, "progress").getAttribute("max"), "3");
  held.open();
  const over = await ask(app, HEADERS);
  assertEquals(over.status, 200);
  assertEquals(over.address, "/?model=a/b&count_from=headers");
  assertMatch(
    textOf(only(over.document, ".understood")),
    /from the checkpoint's headers/,
  );
  const asked = hub.asked.length;
  assertEquals((await ask(app, HEADERS)).status, 200);
  assertEquals(hub.asked.length, asked);
});

Deno.test("a page that has to wait shows how far it is, and loads itself anew", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const held = gate(/config\.json$/);
  const app = createApp(openHub({ ...hub, fetch: held.fetch }));
  const page = await askOnce(app, "/?model=a/b&train.micro_batch=3");
  assertEquals(page.status, 202);
  assertEquals(
    textOf(only(page.document, "#looking-up-state")),
    "Reading config.json …",
  );
  assertEquals(
    only(page.document, "head noscript meta").getAttribute("http-equiv"),
    "refresh",
  );
  assertEquals(
    only(page.document, "#f-train-micro_batch").getAttribute("value"),
    "3",
  );
  const gpus = await app.request("/gpus?model=a/b");
  assertEquals(gpus.status, 202);
  assertEquals(gpus.headers.get("refresh"), "2");
  await gpus.body?.cancel();
  held.open();
  const over = await ask(app, "/?model=a/b&train.micro_batch=3");
  assertEquals(over.status, 200);
  assertEquals(over.document.querySelector("noscript"), null);
});

Deno.test("what the Hub refuses is told once, and asked again on demand", async () => {
  await using hub = startFakeHub({
    "a/gated": { config: CONFIG, gated: true },
  });
  const app = createApp(openHub(hub));
  for (
    const [name, reason] of [
      ["a/gated", /a\/gated is gated: accept its terms/],
      ["a/missing", /a\/missing is not on the Hub .*or is private/],
    ] as const
  ) {
    const path = `/answer?model=${name}&look_up=${name}`;
    const first = await ask(app, path);
    assertEquals(first.status, 422);
    assertMatch(textOf(first.document.body), reason);
    assertMatch(textOf(only(first.document, "h2")), /could not be looked up/);
    const asked = hub.asked.length;
    assertMatch(textOf((await ask(app, path)).document.body), reason);
    assertEquals(hub.asked.length, asked);
    const again = only(first.document, "a.button").getAttribute("href") ?? "";
    assertEquals((await ask(app, again)).status, 422);
    assert(hub.asked.length > asked, "the Hub was not asked again");
  }
});

Deno.test("a Hub that asks for patience is quoted", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  hub.impatient.times = 1;
  hub.impatient.retryAfter = "3600";
  const { status, document } = await ask(createApp(openHub(hub)), LIVE);
  assertEquals(status, 422);
  assertMatch(
    textOf(document.body),
    /the Hub .*asks for patience, 3600 seconds/,
  );
});

Deno.test("a model of the catalogue is counted from its headers on demand", async () => {
  await using hub = startFakeHub({
    "meta-llama/Llama-2-7b-hf": { config: CONFIG, files: SHARDED },
  });
  const app = createApp(openHub(hub));
  const page = await answered(app, "/?model=llama2-7b&count_from=headers");
  assertEquals(page.status, 303);
  assertEquals(
    page.headers.get("location"),
    "/?model=meta-llama/Llama-2-7b-hf&count_from=headers",
  );
  const there = await ask(app, page.headers.get("location") ?? "");
  assertEquals(there.status, 200);
  assert(only(there.document, "#f-count_from").hasAttribute("checked"));
  assertMatch(
    textOf(only(there.document, ".understood")),
    /from the checkpoint's headers/,
  );
  const links = [...there.document.querySelectorAll("#answer a")]
    .map((each) => each.getAttribute("href") ?? "");
  assert(
    links.includes("/?model=meta-llama/Llama-2-7b-hf&count_from=headers"),
  );
  assert(
    links.includes("/gpus?model=meta-llama/Llama-2-7b-hf&count_from=headers"),
  );
});

Deno.test("the page's own parameters are refused where they mean nothing", async () => {
  const offline = createApp(null);
  for (
    const [query, reason] of [
      [
        "model=gpt2&count_from=x",
        /one of config, headers: current value is "x"/,
      ],
      ["model=gpt2&count_from=headers", /where the Hub may not be asked/],
      [
        `model.config=${
          encodeURIComponent(JSON.stringify(CONFIG))
        }&count_from=headers`,
        /where the model has no name on the Hub/,
      ],
    ] as const
  ) {
    for (const path of ["/", "/answer", "/gpus"]) {
      const { status, document } = await ask(offline, `${path}?${query}`);
      assertEquals(status, 422, path);
      assertMatch(
        textOf(only(document, "[data-problem='count_from']")),
        reason,
      );
    }
  }
});

Deno.test("what a plain form sends along is no part of the address", async () => {
  const response = await createApp(null).request(
    "/?model=gpt2&look_up=gpt2&config_file=config.json&count_from=config",
  );
  assertEquals(response.status, 303);
  assertEquals(response.headers.get("location"), "/?model=gpt2");
});

interface Asked {
  status: number;
  /** What the page's address becomes. */
  address: string | null;
  document: Document;
}

/** Asks until no look-up is waited for. */
async function ask(app: Hono, path: string): Promise<Asked> {
  return await askedOf(await answered(app, path));
}

/** Asks once, while a look-up is held. */
async function askOnce(app: Hono, path: string): Promise<Asked> {
  return await askedOf(await app.request(path));
}

async function askedOf(response: Response): Promise<Asked> {
  return {
    status: response.status,
    address: response.headers.get("hx-replace-url"),
    document: documentOf(await response.text()),
  };
}
