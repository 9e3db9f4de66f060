import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  findGpu,
  GIB,
  GPUS,
  GPUS_BY_MEMORY,
  tryEstimate,
} from "../../lib/mod.ts";
import { z } from "zod";
import { cublasWorkspaceBytes } from "../../lib/hardware/cublas_workspace.ts";
import { contextBytes } from "../../lib/hardware/cuda_context.ts";
import type { Gpu } from "../../lib/hardware/gpus.ts";
import { gpuOf, similarGpus, usableBytes } from "../../lib/hardware/gpus.ts";

/** Everything that is known of a GPU, and nothing else. */
const ROW = z.strictObject({
  name: z.string().min(2),
  aliases: z.array(z.string().min(2)),
  vendor: z.enum(["NVIDIA", "AMD", "Intel"]),
  class: z.enum(["data-centre", "workstation", "consumer"]),
  architecture: z.string().min(3),
  compute_capability: z.string().regex(/^\d+\.\d$/).nullable(),
  multiprocessors: z.int().min(1).max(512).nullable(),
  label_gb: z.number().positive(),
  usable_bytes: z.int().positive(),
  basis: z.enum(["exact", "derived", "assumed"]),
  source: z.string().min(11),
  context_gib: z.number().positive().max(4).nullable(),
}) satisfies z.ZodType<Gpu>;

/** Compute capabilities of NVIDIA's architectures. */
const CAPABILITIES: Record<string, string[]> = {
  Kepler: ["3.7"],
  Maxwell: ["5.2"],
  Pascal: ["6.0", "6.1"],
  Volta: ["7.0"],
  Turing: ["7.5"],
  Ampere: ["8.0", "8.6"],
  "Ada Lovelace": ["8.9"],
  Hopper: ["9.0"],
  Blackwell: ["10.0", "10.3", "12.0", "12.1"],
};

/** Spellings of people, of drivers and of the contract. */
const FOUND: [spelling: string, name: string][] = [
  ["RTX 4090", "RTX 4090"],
  ["NVIDIA GeForce RTX 4090", "RTX 4090"],
  ["nvidia geforce rtx 4090", "RTX 4090"],
  ["rtx-4090", "RTX 4090"],
  ["rtx4090", "RTX 4090"],
  ["RTX_4090", "RTX 4090"],
  ["RTX-4090-24GB", "RTX 4090"],
  ["4090", "RTX 4090"],
  ["NVIDIA GeForce RTX 3090", "RTX 3090"],
  ["H20-96GB", "H20-96GB"],
  ["T4-16GB", "T4"],
  ["Tesla T4", "T4"],
  ["V100-16GB", "V100-16GB"],
  ["Tesla V100-SXM2-16GB", "V100-16GB"],
  ["V100-32GB", "V100-32GB"],
  ["a100 40gb", "A100-40GB"],
  ["NVIDIA A100-PCIE-40GB", "A100-40GB"],
  ["A100-80GB", "A100-80GB"],
  ["NVIDIA A100-SXM4-80GB", "A100-80GB"],
  ["NVIDIA A100 80GB PCIe", "A100-80GB"],
  ["NVIDIA H100 80GB HBM3", "H100-80GB"],
  ["NVIDIA H100 PCIe", "H100-80GB-PCIe"],
  ["NVIDIA H100 NVL", "H100-94GB"],
  ["NVIDIA H200", "H200"],
  ["NVIDIA B200", "B200"],
  ["NVIDIA GH200 480GB", "GH200-96GB"],
  ["NVIDIA L40S", "L40S"],
  ["NVIDIA A10G", "A10G"],
  ["NVIDIA RTX A6000", "RTX A6000"],
  ["NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"],
  [
    "NVIDIA RTX PRO 6000 Blackwell Server Edition",
    "RTX PRO 6000-96GB",
  ],
  ["Quadro RTX 8000", "Quadro RTX 8000"],
  ["NVIDIA TITAN RTX", "Titan RTX"],
  ["AMD Instinct MI300X", "MI300X"],
  ["AMD Radeon RX 7900 XTX", "RX 7900 XTX"],
  ["Radeon RX 7900 XTX", "RX 7900 XTX"],
];

for (const [spelling, name] of FOUND) {
  Deno.test(`findGpu() finds ${JSON.stringify(spelling)}`, () => {
    assertEquals(findGpu(spelling)?.name, name);
  });
}

Deno.test("findGpu() gives null for what no GPU is called", () => {
  const names = ["", " ", "NVIDIA", "RTX", "A100-81GB", "constructor", "80GB"];
  for (const name of names) assertEquals(findGpu(name), null, name);
});

Deno.test("findGpu() finds each GPU by its own name and by every alias", () => {
  for (const gpu of GPUS) {
    for (const name of [gpu.name, ...gpu.aliases]) {
      assertEquals(findGpu(name), gpu, name);
      assertEquals(findGpu(name.toUpperCase()), gpu, name);
      assertEquals(findGpu(name.replaceAll(" ", "-")), gpu, name);
      assertEquals(findGpu(`${gpu.vendor} ${name}`), gpu, name);
    }
  }
});

Deno.test("GPUS has sixty entries or more", () => {
  assert(GPUS.length >= 60);
});

Deno.test("GPUS shares no name or alias between two entries", () => {
  const owners = new Map<string, string>();
  for (const { name, aliases } of GPUS) {
    for (const spelling of [name, ...aliases]) {
      const key = spelling.toLowerCase()
        .replaceAll(/\b(nvidia|geforce|amd|intel|instinct|radeon)\b/g, "")
        .replaceAll(/[\s_-]/g, "");
      assert(key !== "", spelling);
      assertEquals(owners.get(key) ?? name, name, spelling);
      owners.set(key, name);
    }
  }
});

Deno.test("GPUS gives each entry usable memory below its label", () => {
  for (const { name, label_gb, usable_bytes } of GPUS) {
    assert(Number.isSafeInteger(usable_bytes), name);
    assert(usable_bytes <= label_gb * GIB, `${name}: more than its label`);
    assert(usable_bytes >= 0.75 * label_gb * 1e9, `${name}: far too little`);
  }
});

for (const gpu of GPUS) {
  Deno.test(`GPUS has all that is known of ${gpu.name} in one row`, () => {
    ROW.parse(gpu);
    const capabilities = CAPABILITIES[gpu.architecture];
    assertEquals(capabilities !== undefined, gpu.vendor === "NVIDIA");
    if (capabilities === undefined) {
      assertEquals(gpu.compute_capability, null);
      assertEquals(gpu.multiprocessors, null);
    } else {
      assert(capabilities.includes(String(gpu.compute_capability)));
    }
  });
}

Deno.test("contextBytes() takes a GPU's own, or what most hold", () => {
  assertEquals(contextBytes(findGpu("A100-80GB")), 1.75 * GIB);
  assertEquals(contextBytes(findGpu("RTX 4090")), Math.round(0.4 * GIB));
  assertEquals(contextBytes(null), Math.round(0.4 * GIB));
});

Deno.test("cublasWorkspaceBytes() is 32 MiB on Hopper and data-centre Blackwells", () => {
  const large = GPUS.filter((gpu) => cublasWorkspaceBytes(gpu) === 32 << 20);
  assertEquals(
    large.map(({ name }) => name),
    GPUS.filter((gpu) =>
      gpu.class === "data-centre" &&
      ["Hopper", "Blackwell"].includes(gpu.architecture)
    ).map(({ name }) => name),
  );
  // CUBLAS_WORKSPACE_CONFIG=:4096:2:16:8, in KiB.
  assertEquals(cublasWorkspaceBytes(findGpu("A100-80GB")), 8_519_680);
  assertEquals(cublasWorkspaceBytes(null), 8_519_680);
});

Deno.test("gpuOf() finds a Scenario's GPU, and none for a memory of the user's own", () => {
  assertEquals(gpuOf("rtx-4090")?.name, "RTX 4090");
  assertEquals(gpuOf({ memory_gib: 24 }), null);
  assertEquals(gpuOf("voodoo"), null);
});

Deno.test("GPUS holds what programs have measured", () => {
  assertEquals(findGpu("A100-40GB")?.usable_bytes, 42_404_806_656);
  const rtx4090 = usableBytes("RTX 4090") / GIB;
  assert(rtx4090 > 23.5 && rtx4090 < 24, `${rtx4090} GiB`);
  const a100 = usableBytes("A100-80GB") / GIB;
  assert(a100 > 79 && a100 < 79.5, `${a100} GiB`);
  const t4 = usableBytes("T4") / GIB;
  assert(t4 > 14 && t4 < 15, `${t4} GiB`);
});

Deno.test("GPUS_BY_MEMORY orders the same entries, least memory first", () => {
  assertEquals(new Set(GPUS_BY_MEMORY), new Set(GPUS));
  const sizes = GPUS_BY_MEMORY.map(({ usable_bytes }) => usable_bytes);
  assertEquals(sizes, sizes.toSorted((a, b) => a - b));
});

Deno.test("usableBytes() reads a memory of the user's own", () => {
  assertEquals(usableBytes({ memory_gib: 24 }), 25_769_803_776);
  assertEquals(usableBytes({ memory_gib: 79.3 }), Math.round(79.3 * GIB));
});

Deno.test("similarGpus() names GPUs that share the name or its number", () => {
  assert(similarGpus("A100-81GB").includes("A100-80GB"));
  assert(similarGpus("RTX 4090 Ti").includes("RTX 4090"));
  assertEquals(similarGpus("voodoo"), []);
  assert(similarGpus("RTX").length <= 4);
});

Deno.test("tryEstimate() suggests GPUs for one that is not known", () => {
  const said = (gpu: string): string => {
    const result = tryEstimate({ model: "llama2-7b", hardware: { gpu } });
    assert(!result.ok);
    assertEquals(result.problems.map(({ path }) => path), ["hardware.gpu"]);
    return result.problems[0]?.message ?? "";
  };
  assertStringIncludes(said("A100-81GB"), 'current value is "A100-81GB"');
  assertStringIncludes(said("A100-81GB"), "did you mean A100");
  assertStringIncludes(said("voodoo"), "hardware.gpu.memory_gib instead");
});

Deno.test("tryEstimate() names an unknown model and an unknown GPU at once", () => {
  const result = tryEstimate({ model: "zzzz", hardware: { gpu: "voodoo" } });
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path), [
    "model",
    "hardware.gpu",
  ]);
});
