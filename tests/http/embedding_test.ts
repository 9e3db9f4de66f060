import { assertEquals, assertThrows } from "@std/assert";
import { app } from "../../app.ts";
import { ancestorsFrom, embeddable } from "../../routes/embedding.ts";

const framedBy = (headers: Headers): string | undefined =>
  headers.get("content-security-policy")?.split(/; ?/)
    .find((directive) => directive.startsWith("frame-ancestors "));

Deno.test("EMBED_ANCESTORS says who may frame the pages, and changes nothing else", async () => {
  const ancestors = ancestorsFrom("https://example.org, https://*.a.org:8080");
  const own = embeddable((request) => app.fetch(request), ancestors ?? []);
  const usual = await app.request("/?model=gpt2");
  const response = await own(new Request("http://localhost/?model=gpt2"));
  assertEquals(response.status, 200);
  assertEquals(await response.text(), await usual.text());
  assertEquals(
    framedBy(response.headers),
    "frame-ancestors 'self' https://example.org https://*.a.org:8080",
  );
  const rest = (headers: Headers): string | undefined =>
    headers.get("content-security-policy")
      ?.replace(framedBy(headers) ?? "", "");
  assertEquals(rest(response.headers), rest(usual.headers));
});

Deno.test("EMBED_ANCESTORS may be every page, or left out", () => {
  assertEquals(ancestorsFrom("*"), ["'self'", "*"]);
  assertEquals(ancestorsFrom(undefined), null);
});

Deno.test("EMBED_ANCESTORS refuses what is no origin, by its value", () => {
  for (const text of ["example.org", "https://a.org/b", "'none'", "a;b"]) {
    assertThrows(
      () => ancestorsFrom(`https://good.org ${text}`),
      RangeError,
      `current value is ${text}`,
    );
  }
});
