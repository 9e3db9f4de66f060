import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The packages that these tests themselves were loaded from. */
const { npmCache } = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .output()).stdout,
  ),
);

/** Runs one of the project's scripts; the text is what it said, both ways. */
async function script(
  ...args: string[]
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args,
    cwd: ROOT,
    env: { DENO: Deno.execPath(), NPM_CACHE: npmCache },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

const ignore = await script("-c", "command -v mktemp").then(
  ({ code }) => code !== 0,
  () => true,
);
if (ignore) console.error("!!! LEFT OUT: deploy/*.sh, for there is no sh here");

Deno.test("the Dockerfile's steps lead to a page", { ignore }, async () => {
  const { code, text } = await script("deploy/rehearse.sh");
  assertEquals(code, 0, text);
  assertStringIncludes(text, "GET /: 200");
  assertStringIncludes(text, "GET /healthz: 200 ok");
  for (const said of text.match(/^!!! .*/gm) ?? []) console.error(said);
});

Deno.test("space.sh replaces an older copy", { ignore }, async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/.git`);
    await Deno.mkdir(`${dir}/lib`);
    await Deno.writeTextFile(`${dir}/lib/gone.ts`, "");
    const { code, text } = await script("deploy/space.sh", dir);
    assertEquals(code, 0, text);
    const names = Array.from(Deno.readDirSync(dir), ({ name }) => name);
    assertEquals(
      names.sort().join(" "),
      ".dockerignore .git Dockerfile LICENSE README.md app.ts deno.json " +
        "deno.lock docs hub lib main.ts routes static templates",
    );
    const lib = Array.from(Deno.readDirSync(`${dir}/lib`), ({ name }) => name);
    assert(lib.includes("mod.ts") && !lib.includes("gone.ts"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("space.sh leaves a stranger's folder alone", { ignore }, async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/main.ts`, "mine");
    const { code, text } = await script("deploy/space.sh", dir);
    assertEquals(code, 1);
    assertStringIncludes(text, "not empty");
    assertEquals(await Deno.readTextFile(`${dir}/main.ts`), "mine");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
