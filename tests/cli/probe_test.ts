import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { headroom } from "./headroom.ts";
import type { Ran } from "./headroom.ts";

const GIB = 1024 ** 3;

const MEASURED = {
  max_memory_allocated: 100 * GIB,
  max_memory_reserved: 110 * GIB,
  memory_allocated: 90 * GIB,
  device_used: 111 * GIB,
  device_total: 140 * GIB,
  phases: { forward: 95 * GIB, backward: 100 * GIB, optimizer: 90 * GIB },
  trainable_parameters: 6_738_415_616,
  gpu: "Some GPU",
  versions: { torch: "2.9.0", transformers: "4.57.1" },
};

/** Runs an estimate with a python3 that keeps its request and says this. */
async function withPython(
  says: unknown,
  args: string[],
): Promise<Ran & { request: Record<string, unknown> | null }> {
  const folder = await Deno.makeTempDir();
  try {
    const script = `#!/bin/sh
cat > "${folder}/request.json"
cat "${folder}/answer.json"
`;
    await Deno.writeTextFile(`${folder}/answer.json`, JSON.stringify(says));
    await Deno.writeTextFile(`${folder}/python3`, script, { mode: 0o755 });
    const ran = await headroom(["estimate", ...args], {
      permissions: ["--allow-run=python3"],
      env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
    });
    const request = await Deno.readTextFile(`${folder}/request.json`)
      .catch(() => null);
    return { ...ran, request: request === null ? null : JSON.parse(request) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PROBED = ["--model", "llama2-7b", "--probe", "true"];

Deno.test("estimate --probe sets what was measured beside the estimate", async () => {
  const { code, out, err, request } = await withPython(MEASURED, [
    ...PROBED,
    "--warmup-steps",
    "2",
    "--probe-steps",
    "4",
  ]);
  assertEquals(code, 0, err);
  assertStringIncludes(
    out,
    "Measured on Some GPU with torch 2.9.0, transformers 4.57.1.",
  );
  assertMatch(
    out,
    /^max_memory_allocated +100\.00 GiB +\d+\.\d+ GiB +[+−]\d+\.\d+ GiB \([+−]\d+\.\d %\)$/m,
  );
  assertMatch(out, /^allocated, optimizer +90\.00 GiB /m);
  assertEquals(request?.["warmup_steps"], 2);
  assertEquals(request?.["steps"], 4);
  const config = request?.["config"] as Record<string, unknown>;
  assertEquals(config["model_type"], "llama");
  const scenario = request?.["scenario"] as Record<string, unknown>;
  assertEquals(scenario["task"], "train");
});

Deno.test("estimate --probe --json carries what was measured", async () => {
  const { code, out } = await withPython(MEASURED, [...PROBED, "--json"]);
  assertEquals(code, 0);
  assertEquals(JSON.parse(out).probe, MEASURED);
});

const REFUSED: [what: string, says: unknown, args: string[], err: RegExp][] = [
  [
    "what the probe says it cannot",
    { error: "it does not fit: CUDA out of memory" },
    [],
    /^--probe: it does not fit: CUDA out of memory; this is the estimate alone\n$/,
  ],
  [
    "an answer that is none",
    { max_memory_allocated: "much" },
    [],
    /^--probe: the probe ended with status 0: no word; /,
  ],
];

for (const [what, says, args, wanted] of REFUSED) {
  Deno.test(`estimate --probe tells ${what}, and estimates`, async () => {
    const { code, out, err } = await withPython(says, [...PROBED, ...args]);
    assertEquals(code, 1);
    assertMatch(err, wanted);
    assertMatch(out, /^Peak per GPU/m);
  });
}

Deno.test("estimate --estimate-only runs no probe", async () => {
  const { code, err, request } = await withPython(MEASURED, [
    ...PROBED,
    "--estimate-only",
  ]);
  assertEquals([code, err, request], [0, "", null]);
});

Deno.test("estimate --probe refuses bare dimensions", async () => {
  const { code, err } = await withPython(MEASURED, [
    "--scenario",
    "tests/cli/dims.json",
    "--probe",
  ]);
  assertEquals(code, 1);
  assertMatch(err, /needs a config\.json or a name/);
});

for (
  const [flag, value] of [["--probe-steps", "0"], ["--warmup-steps", "-1"], [
    "--probe-steps",
    "1001",
  ]] as const
) {
  Deno.test(`estimate refuses ${flag} ${value}`, async () => {
    const { code, err } = await headroom([
      "estimate",
      ...PROBED,
      `${flag}=${value}`,
    ]);
    assertEquals(code, 2);
    assertMatch(err, /must be a whole number from [01] to 1000/);
  });
}
