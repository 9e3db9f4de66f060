import type { Result } from "../scenario/parse_scenario.ts";
import type { Failure } from "./failure.ts";
import { failureOf } from "./failure.ts";
import type { Printed } from "./printed.ts";

/** Segments and blocks that are read: a large run has some ten thousand. */
const MOST_SEGMENTS = 100_000;
const MOST_BLOCKS = 1_000_000;
/** Sizes that are told, the largest. */
const MOST_SIZES = 8;

/** Whether a text is JSON that may be a snapshot of PyTorch's allocator. */
export function looksLikeSnapshot(text: string): boolean {
  return /^\s{0,100}[[{]/.test(text) &&
    /"(?:segments|total_size|allocated_size)"/.test(text.slice(0, 200_000));
}

/**
 * Reads `torch.cuda.memory_snapshot()`, or `_snapshot()`, as JSON.
 *
 * Source: pytorch torch/csrc/cuda/Module.cpp THCPModule_memorySnapshot
 *
 * @returns The state of the device that has the most, or what is wrong.
 */
export function readSnapshot(text: string): Result<Failure> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused("text must be whole JSON to be read as a memory snapshot");
  }
  const listed = Array.isArray(json)
    ? json
    : (json as { segments?: unknown } | null)?.segments;
  if (!Array.isArray(listed) || listed.length === 0) {
    return refused(
      "text must have segments to be read as a memory snapshot: there are none",
    );
  }
  if (listed.length > MOST_SEGMENTS) {
    return refused(
      `a memory snapshot must have at most ${MOST_SEGMENTS} segments: current value has ${listed.length}`,
    );
  }
  const devices = new Map<number, DeviceState>();
  let blocks = 0;
  for (const segment of listed as Record<string, unknown>[]) {
    const device = numberOf(segment?.["device"]) ?? 0;
    let state = devices.get(device);
    if (!state) devices.set(device, state = new DeviceState(device));
    blocks += state.add(segment);
    if (blocks > MOST_BLOCKS) {
      return refused(
        `a memory snapshot must have at most ${MOST_BLOCKS} blocks: current value has more`,
      );
    }
  }
  const most = [...devices.values()].sort((a, b) => b.reserved - a.reserved)[0];
  return most && most.reserved > 0
    ? { ok: true, value: most.failure(oomIn(json)) }
    : refused(
      "text must have segments with their sizes to be read as a memory snapshot",
    );
}

class DeviceState {
  reserved = 0;
  #allocated = 0;
  #free = 0;
  readonly #sizes = new Map<number, number>();

  constructor(readonly device: number) {}

  /** @returns How many blocks it has. */
  add(segment: Record<string, unknown> | null): number {
    const total = numberOf(segment?.["total_size"]) ?? 0;
    this.reserved += total;
    this.#allocated += numberOf(segment?.["allocated_size"]) ?? 0;
    const blocks = segment?.["blocks"];
    if (!Array.isArray(blocks)) return 1;
    for (const block of blocks as Record<string, unknown>[]) {
      const size = numberOf(block?.["size"]) ?? 0;
      if (block?.["state"] === "inactive") {
        this.#free = Math.max(this.#free, size);
      } else if (block?.["state"] === "active_allocated") {
        this.#sizes.set(size, (this.#sizes.get(size) ?? 0) + 1);
      }
    }
    return blocks.length;
  }

  failure(oom: { tried: number; free: number | null } | null): Failure {
    return failureOf({
      kind: oom ? "allocation" : "table",
      tool: "PyTorch's memory snapshot",
      message:
        `device ${this.device}: the largest free block has ${this.#free} bytes`,
      at: 0,
      device: this.device,
      tried: oom && exactly(oom.tried),
      free: oom && oom.free !== null ? exactly(oom.free) : null,
      allocated: exactly(this.#allocated),
      reserved: exactly(this.reserved),
      blocks: [...this.#sizes].map(([bytes, count]) => ({ bytes, count }))
        .sort((a, b) => b.bytes * b.count - a.bytes * a.count)
        .slice(0, MOST_SIZES),
    });
  }
}

/** The last request that failed, where the snapshot has a history. */
function oomIn(
  json: unknown,
): { tried: number; free: number | null } | null {
  const traces = (json as { device_traces?: unknown } | null)?.device_traces;
  if (!Array.isArray(traces)) return null;
  let found: { tried: number; free: number | null } | null = null;
  for (const trace of traces.slice(0, 64)) {
    if (!Array.isArray(trace)) continue;
    for (const event of trace as Record<string, unknown>[]) {
      const tried = numberOf(event?.["size"]);
      if (event?.["action"] !== "oom" || tried === null) continue;
      found = { tried, free: numberOf(event["device_free"]) };
    }
  }
  return found;
}

function exactly(bytes: number): Printed {
  return { bytes, rounding: 0 };
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : null;
}

function refused(message: string): Result<never> {
  return { ok: false, problems: [{ path: "text", message }] };
}
