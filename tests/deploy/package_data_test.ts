import { assert, assertEquals } from "@std/assert";
import { withParsedData } from "../../tools/package/data.ts";

/** What a module has by the name "data", as Node would run it. */
async function dataOf(source: string): Promise<unknown> {
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  return (await import(url)).data;
}

const LONG = "it's a \\ \" → 😀 \n".repeat(1000);

Deno.test("large constants of a package are read as JSON, and stay what they are", async () => {
  const value = { LONG, list: [1, -2.5, true, false, null, { "a-b": "" }] };
  const source = `var data=${
    JSON.stringify(value).replaceAll("true", "!0").replaceAll("false", "!1")
  };export{data};`;
  const made = withParsedData(source);
  assert(made.startsWith("var data=JSON.parse('"));
  assert(!/[^\0-\x7f]/.test(made));
  assertEquals(await dataOf(made), value);
});

Deno.test("the largest are read entry by entry", async () => {
  const value = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`entry ${at}`, { LONG, at }]),
  );
  const made = withParsedData(
    `var data=${JSON.stringify(value)};export{data};`,
  );
  const data = await dataOf(made) as typeof value;
  assertEquals(Object.keys(data), Object.keys(value));
  assertEquals(data["entry 7"], data["entry 7"]);
  assert(data["entry 7"] === data["entry 7"]);
  assertEquals({ ...data }, value);
});

Deno.test("what is more than data, or small, stays code", () => {
  for (
    const source of [
      `var data={a:[${"1,".repeat(9000)}f()]};`,
      `var data={a:1};`,
      `function f(){return ${JSON.stringify([LONG.slice(0, 20)])}}`,
    ]
  ) assert(!withParsedData(source).includes("JSON.parse"));
});
