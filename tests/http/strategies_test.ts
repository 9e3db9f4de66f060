import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import type { GpuLayouts } from "../../lib/mod.ts";
import { textOf, visit } from "./visit.ts";

async function layoutsOf(query: string): Promise<GpuLayouts> {
  return await (await app.request(`/api/v1/strategies?${query}`)).json();
}

Deno.test("the page lists every way that the API does, each with its link", async () => {
  const query = "model=Qwen/Qwen2.5-7B&hardware.gpu=A100-80GB&gpus=8";
  const { rows } = await layoutsOf(query);
  const { document } = await visit(`/strategies?${query}`);
  const links = [...document.querySelectorAll("tbody tr")];
  const played = rows.filter(({ reason }) => reason === null);
  assertEquals(links.length, played.length);
  const fitting = played.filter(({ fits }) => fits).length;
  assertStringIncludes(
    textOf(document.querySelector("#ways-verdict")),
    `Fits on 8 × A100-80GB: ${fitting} of ${played.length} ways do.`,
  );
  assertStringIncludes(
    textOf(document.querySelector('[aria-label="What cannot be"]')),
    "TP 8: parallel.tp must divide the model's 28 attention heads",
  );
  const [least] = links;
  const href = least?.querySelector("a")?.getAttribute("href") ?? "";
  const asked = new URL(href, "http://localhost").searchParams;
  assertEquals(asked.get("parallel.gpus"), "8");
  assertEquals(asked.get("engine.name"), "megatron");
  const applied = await app.request(href);
  assertEquals(applied.status, 200);
  assertStringIncludes(await applied.text(), "Fits on 8 × A100-80GB");
});

Deno.test("ways to serve tell what their caches hold", async () => {
  const { document } = await visit(
    "/strategies?model=llama3.1-70b&task=serve&serve.engine=vllm&gpus=8",
  );
  const text = textOf(document.querySelector("main"));
  assertStringIncludes(text, "Ways to serve llama3.1-70b on several GPUs");
  assertStringIncludes(text, "Tokens in all caches");
  assertStringIncludes(text, "TP 2 × PP 2 × DP 2");
});

Deno.test("hundreds of ways come piece by piece, and every one of them once", async () => {
  const base = "model=deepseek-ai/DeepSeek-V3&hardware.gpu=H200&gpus=256";
  const seen: string[] = [];
  let pieces = 0;
  let href: string | null = `/strategies?${base}`;
  while (href !== null && pieces < 20) {
    const { document }: { document: Document } = await visit(href);
    pieces++;
    for (const link of document.querySelectorAll("tbody th a")) {
      seen.push(link.getAttribute("href") ?? "");
    }
    const more: Element | null = document.querySelector(
      '[aria-label="More ways"]',
    );
    assertEquals(
      more?.querySelector("a")?.getAttribute("href"),
      more?.getAttribute("hx-get"),
    );
    href = more?.getAttribute("hx-get") ?? null;
  }
  assert(pieces > 2, `${pieces}`);
  assertEquals(href, null);
  assertEquals(new Set(seen).size, seen.length);
  const first = await layoutsOf(base);
  const rest = await layoutsOf(`${base}&from=${first.next}`);
  assertEquals(rest.next, null);
  const all = [...first.rows, ...rest.rows];
  assertEquals(seen.length, all.filter(({ reason }) => reason === null).length);
});

Deno.test("the page is no empty box, and says what is wrong with a number", async () => {
  const { document } = await visit("/strategies");
  assert(document.querySelectorAll("tbody tr").length > 3);
  for (const query of ["gpus=x", "gpus=0", "from=-1", "model=nope"]) {
    const response = await app.request(`/strategies?model=gpt2&${query}`);
    assertEquals(response.status, 422, query);
    assertStringIncludes(await response.text(), "must be");
  }
});
