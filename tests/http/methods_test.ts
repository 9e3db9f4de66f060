import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import { requestOf } from "../../routes/request_of.ts";
import { addresses, messageOf } from "./requests.ts";
import { documentOf, only, textOf } from "./visit.ts";

/** What scripts of other pages may ask. */
const FOR_PROGRAMS = /^\/(api\/|gradio_api\/|mcp$|config$)/;

const WRONG = ["PUT", "DELETE", "PATCH", "PROPFIND"];

Deno.test("every address answers a method that it has not with 405 and Allow", async () => {
  for (const { path, methods } of addresses()) {
    const missing = ["GET", "POST"].filter((method) =>
      !methods.includes(method)
    );
    for (const method of [...WRONG, ...missing]) {
      const response = await app.request(path, { method });
      await response.body?.cancel();
      assertEquals(response.status, 405, `${method} ${path}`);
      const allow = (response.headers.get("allow") ?? "").split(", ");
      for (const own of [...methods, "OPTIONS"]) {
        assert(allow.includes(own), `${method} ${path} allows ${allow}`);
      }
      assertEquals(allow.includes("HEAD"), methods.includes("GET"), path);
      assert(!allow.includes(method), `${path} allows ${method}`);
    }
  }
});

Deno.test("a method that no route can have is 405 with a body too", async () => {
  for (const method of ["TRACE", "TRACK", "CONNECT", "get", "FROB"]) {
    for (const { path } of addresses()) {
      const request = requestOf({
        method,
        url: `http://localhost${path}`,
        headers: [["content-type", "application/json"]],
        body: new TextEncoder().encode("{}"),
      }, new AbortController().signal);
      const response = await app.fetch(request);
      await response.body?.cancel();
      assertEquals(response.status, 405, `${method} ${path}`);
    }
  }
});

Deno.test("every address answers OPTIONS with what may be asked", async () => {
  for (const { path, methods } of addresses()) {
    const response = await app.request(path, { method: "OPTIONS" });
    assertEquals(response.status, 204, path);
    assertEquals(await response.text(), "");
    const allow = response.headers.get("allow") ?? "";
    for (const own of methods) assertStringIncludes(allow, own);
  }
});

Deno.test("HEAD has the headers of GET and no body", async () => {
  for (
    const path of [
      "/?model=gpt2",
      "/answer?model=gpt2",
      "/api/v1/estimate?model=gpt2",
      "/static/page.js",
      "/healthz",
      "/nowhere",
    ]
  ) {
    const get = await app.request(path);
    const head = await app.request(path, { method: "HEAD" });
    assertEquals(head.status, get.status, path);
    assertEquals(await head.text(), "");
    for (const name of ["content-type", "content-length", "etag"]) {
      assertEquals(head.headers.get(name), get.headers.get(name), path + name);
    }
    await get.body?.cancel();
  }
});

Deno.test("the doors for programs answer scripts of any page, without credentials", async () => {
  for (const { path, methods } of addresses()) {
    const headers = {
      "Origin": "https://elsewhere.example",
      "Access-Control-Request-Method": methods[0] ?? "GET",
      "Access-Control-Request-Headers": "content-type",
    };
    const asked = await app.request(path, { method: "OPTIONS", headers });
    const answered = await app.request(path, {
      method: methods[0] ?? "GET",
      headers,
    });
    await answered.body?.cancel();
    const isApi = FOR_PROGRAMS.test(path);
    for (const each of [asked, answered]) {
      const origin = each.headers.get("access-control-allow-origin");
      assertEquals(origin, isApi ? "*" : null, path);
      assertEquals(each.headers.get("access-control-allow-credentials"), null);
    }
    if (!isApi) continue;
    const allowed = asked.headers.get("access-control-allow-methods") ?? "";
    for (const method of methods) assertStringIncludes(allowed, method);
    assertStringIncludes(
      (asked.headers.get("access-control-allow-headers") ?? "").toLowerCase(),
      "content-type",
    );
    assert(Number(asked.headers.get("access-control-max-age")) > 0);
  }
});

Deno.test("a refusal of /api can be read by scripts of any page", async () => {
  for (const path of ["/api/nowhere", "/api/v1/estimate?model=nope"]) {
    const response = await app.request(path);
    await response.body?.cancel();
    const origin = response.headers.get("access-control-allow-origin");
    assertEquals(origin, "*", path);
  }
});

const NOWHERE = [
  "/nowhere",
  "/static/",
  "/static/nothing.css",
  "/static/../deno.json",
  "/static/%2e%2e/deno.json",
  "/<script>",
  "/answer/",
  "/%E0%A4%A",
  "/apiary",
];

for (const path of NOWHERE) {
  Deno.test(`GET ${path} is 404, a page that leads on`, async () => {
    const response = await app.request(path);
    assertEquals(response.status, 404);
    const document = documentOf(await response.text());
    assertStringIncludes(textOf(only(document, "h1")), "nothing here");
    assertStringIncludes(textOf(only(document, "main")), "There is nothing at");
    const links = [...document.querySelectorAll("main a")]
      .map((link) => link.getAttribute("href") ?? "");
    assert(links.length >= 3);
    for (const link of links) {
      const there = await app.request(link);
      await there.body?.cancel();
      assertEquals(there.status, 200, link);
    }
  });
}

Deno.test("GET of what is not there is JSON for programs", async () => {
  for (const path of ["/api", "/api/", "/api/v2/estimate"]) {
    const response = await app.request(path);
    assertEquals(response.status, 404, path);
    assertStringIncludes(await messageOf(response), path);
  }
  const accept = { "Accept": "application/json" };
  const response = await app.request("/nowhere", { headers: accept });
  assertEquals(response.status, 404);
  await messageOf(response);
});

Deno.test("GET of what is not there is a fragment for a page that swaps it in", async () => {
  const headers = { "HX-Request": "true" };
  const response = await app.request("/nowhere", { headers });
  assertEquals(response.status, 404);
  const html = await response.text();
  assert(!/<html|<!doctype/i.test(html));
  assertEquals(documentOf(html).querySelectorAll("[role=alert]").length, 1);
});
