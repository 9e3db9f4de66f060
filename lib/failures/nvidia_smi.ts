import type { Failure, Holder } from "./failure.ts";
import { failureOf } from "./failure.ts";

/*
 * The table of nvidia-smi: two or three lines a GPU, and a line a process.
 */
const NAME =
  /^\| {1,4}(\d{1,3}) {1,4}(\S[^|]{1,60}?)(?: {2,}| {1,4}(?:On|Off|N\/A) {1,4}\|)/;
const USED = /(\d{1,8})MiB {0,3}\/ {1,8}(\d{1,8})MiB/;
const PROCESS =
  /^\| {1,6}(\d{1,3})(?: {1,6}(?:N\/A|\d{1,4}) {1,6}(?:N\/A|\d{1,4}))? {1,20}(\d{1,10}) {1,6}(?:C\+G|M\+C|C|G|M) {1,4}(\S[^|]{0,120}?) {1,30}(\d{1,8})MiB {0,4}\|/;
/** A slice of a GPU, below the GPUs: its number, and what it uses of what it has. */
const SLICE =
  /^\| {1,4}(\d{1,3}) {1,5}(?:\d{1,3}|N\/A) {1,5}(?:\d{1,3}|N\/A) {1,5}(\d{1,3}) {1,4}\| {1,12}(\d{1,8})MiB {0,3}\/ {1,8}(\d{1,8})MiB/;
/** `nvidia-smi --query-gpu=…,memory.used,memory.total --format=csv`. */
const QUERIED =
  /^(?:(\d{1,3}), )?((?:NVIDIA|Tesla|Quadro|GeForce)[^,|]{1,60}), {0,2}(\d{1,8}) MiB, {0,2}(\d{1,8}) MiB/;

const MIB = 1024 ** 2;
/** A machine has at most 16 GPUs, and few processes each. */
const MOST = 64;

/** A GPU as nvidia-smi lists it. */
export interface ListedGpu {
  readonly device: number;
  readonly name: string;
  readonly used: number;
  readonly total: number;
  readonly processes: readonly Holder[];
}

/** Reads nvidia-smi's table; none where the text has none. */
export function listedGpus(text: string): ListedGpu[] {
  if (
    !/NVIDIA-SMI|nvidia-smi|MiB, {0,2}\d{1,8} MiB|MiB {0,3}\/ {1,8}\d/.test(
      text,
    )
  ) {
    return [];
  }
  const gpus: (Omit<ListedGpu, "processes"> & { processes: Holder[] })[] = [];
  const sliced = new Set<number>();
  let named: { device: number; name: string } | null = null;
  for (const line of text.split("\n")) {
    const process = PROCESS.exec(line);
    if (process) {
      const [, device, id, program = "", used] = process;
      const gpu = gpus.find((each) => each.device === Number(device));
      if (gpu && gpu.processes.length < MOST) {
        gpu.processes.push({
          name: `${program.split("/").at(-1)} (process ${id})`,
          bytes: Number(used) * MIB,
        });
      }
      continue;
    }
    const slice = SLICE.exec(line);
    if (slice && gpus.length < MOST) {
      const [, device, number, used, total] = slice;
      sliced.add(Number(device));
      gpus.push({
        device: Number(device),
        name: `MIG ${number} of GPU ${device}`,
        used: Number(used) * MIB,
        total: Number(total) * MIB,
        processes: [],
      });
      continue;
    }
    const memory = USED.exec(line);
    if (memory && named && gpus.length < MOST) {
      gpus.push({
        ...named,
        used: Number(memory[1]) * MIB,
        total: Number(memory[2]) * MIB,
        processes: [],
      });
      named = null;
      continue;
    }
    const name = NAME.exec(line);
    if (name && !/^\d+C$/.test(name[2] ?? "")) {
      named = { device: Number(name[1]), name: name[2]?.trim() ?? "" };
      continue;
    }
    const queried = QUERIED.exec(line);
    if (queried && gpus.length < MOST) {
      const [, device, gpu = "", used, total] = queried;
      gpus.push({
        device: Number(device ?? gpus.length),
        name: gpu.trim(),
        used: Number(used) * MIB,
        total: Number(total) * MIB,
        processes: [],
      });
    }
  }
  // A process of a slice has the slice's memory, never the whole GPU's.
  return gpus.filter(({ device, name }) =>
    !sliced.has(device) || name.startsWith("MIG ")
  );
}

/** The table as a state of the fullest GPU. */
export function tableOfGpus(gpus: readonly ListedGpu[]): Failure | null {
  const fullest =
    gpus.toSorted((a, b) => b.used / b.total - a.used / a.total)[0];
  if (!fullest) return null;
  const { device, name, used, total, processes } = fullest;
  const half = MIB / 2;
  return failureOf({
    kind: "table",
    tool: "nvidia-smi",
    message: `GPU ${device}, ${name}: ${used / MIB} MiB of ${
      total / MIB
    } MiB are used`,
    at: 0,
    device,
    capacity: { bytes: total, rounding: half },
    free: { bytes: total - used, rounding: 2 * half },
    others: processes,
  });
}
