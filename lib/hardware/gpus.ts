import type { Scenario } from "../scenario/schema.ts";
import { GIB } from "../units/mod.ts";
import data from "./gpus.json" with { type: "json" };

/** A GPU, or one die of a card that shows itself as several. */
export interface Gpu {
  name: string;
  /** Other spellings, beyond case, spaces, hyphens and the vendor's name. */
  aliases: string[];
  vendor: "NVIDIA" | "AMD" | "Intel";
  class: "data-centre" | "workstation" | "consumer";
  architecture: string;
  /**
   * NVIDIA's, as "9.0"; null for other vendors'.
   *
   * Source: NVIDIA's table of CUDA GPUs, developer.nvidia.com/cuda-gpus
   */
  compute_capability: string | null;
  /**
   * Streaming multiprocessors that are enabled; null where they are not known.
   *
   * Source: NVIDIA's architecture white papers and data sheets
   */
  multiprocessors: number | null;
  /** The memory on the box, in GB as its maker counts them. */
  label_gb: number;
  /** The memory that a program sees: less than the label. */
  usable_bytes: number;
  basis: "exact" | "derived" | "assumed";
  /** Where the usable memory is known from. */
  source: string;
  /**
   * What a process holds beside PyTorch's allocator, in GiB; null for what most
   * hold. See contextBytes().
   */
  context_gib: number | null;
}

/** Every GPU of the catalogue. */
export const GPUS: readonly Gpu[] = data as Gpu[];

/** The same GPUs, least usable memory first. */
export const GPUS_BY_MEMORY: readonly Gpu[] = [...GPUS].sort((a, b) =>
  a.usable_bytes - b.usable_bytes
);

const byName = new Map(GPUS.map((gpu) => [gpu.name, gpu]));
const byKey = new Map<string, Gpu>();
for (const gpu of GPUS) {
  for (const name of [gpu.name, ...gpu.aliases]) byKey.set(keyOf(name), gpu);
}

/**
 * Finds a GPU by name or alias, whatever its case, spaces, hyphens and vendor:
 * "NVIDIA GeForce RTX 4090", "rtx-4090".
 */
export function findGpu(name: string): Gpu | null {
  return byName.get(name) ?? byKey.get(keyOf(name)) ?? null;
}

/**
 * Searches the catalogue by name, aliases, vendor and class: for the query as it
 * is, else for all of its words. One that is named exactly comes first.
 */
export function searchGpus(query: string): Gpu[] {
  const phrase = query.trim().toLowerCase();
  const exact = findGpu(query);
  const byPhrase = gpusWith([phrase]);
  const found = byPhrase.length > 0 ? byPhrase : gpusWith(phrase.split(/\s+/));
  return exact ? [exact, ...found.filter((gpu) => gpu !== exact)] : found;
}

function gpusWith(words: readonly string[]): Gpu[] {
  return GPUS.filter(({ vendor, name, class: kind, aliases }) => {
    const text = `${vendor} ${name} ${kind} ${aliases.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A Scenario's GPU; null for a memory of the user's own, and for no such GPU. */
export function gpuOf(gpu: Scenario["hardware"]["gpu"]): Gpu | null {
  return typeof gpu === "string" ? findGpu(gpu) : null;
}

/** Names of GPUs that share words or numbers with a name, most first. */
export function similarGpus(name: string, limit = 4): string[] {
  const wanted = wordsOf(name);
  return GPUS
    .map((gpu) => ({
      name: gpu.name,
      shared: wordsOf(gpu.name).filter((word) => wanted.includes(word)).length,
    }))
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared)
    .slice(0, limit)
    .map((gpu) => gpu.name);
}

/** "RTX 4090" is rtx and 4090; "A100-80GB" is a100 and 80gb. */
function wordsOf(name: string): string[] {
  return name.toLowerCase().match(/[a-z]*\d+[a-z]*|[a-z]{2,}/g) ?? [];
}

/**
 * The memory that a Scenario's GPU lets a program use.
 *
 * @throws {RangeError} When the catalogue has no such GPU.
 */
export function usableBytes(gpu: Scenario["hardware"]["gpu"]): number {
  if (typeof gpu !== "string") return Math.round(gpu.memory_gib * GIB);
  const found = findGpu(gpu);
  if (!found) throw new RangeError(`Cannot find the GPU "${gpu}"`);
  return found.usable_bytes;
}

function keyOf(name: string): string {
  return name.toLowerCase()
    .replace(/\b(nvidia|geforce|amd|intel|instinct|radeon)\b/g, "")
    .replaceAll(/[\s\-_]+/g, "");
}
