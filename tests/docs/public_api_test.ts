import { assertEquals } from "@std/assert";

interface DocumentedNode {
  name: string;
  declarations: { jsDoc?: { doc?: string } }[];
}

Deno.test("every export of lib/mod.ts has its documentation", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "lib/mod.ts"],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const documented = JSON.parse(new TextDecoder().decode(stdout));
  const symbols: DocumentedNode[] = Object.values<
    { symbols: DocumentedNode[] }
  >(
    documented.nodes,
  ).flatMap((node) => node.symbols);
  const bare = symbols
    .filter(({ declarations }) => !declarations.some(({ jsDoc }) => jsDoc?.doc))
    .map(({ name }) => name);
  assertEquals(symbols.length > 30, true);
  assertEquals(bare, []);
});
