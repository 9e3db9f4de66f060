import type { DeviceShare } from "../../answer/serving.ts";
import { cublasWorkspaceBytes } from "../../hardware/cublas_workspace.ts";
import type { AllocatorPeaks } from "../../play/readers/allocator/peaks.ts";
import {
  allocatorPeaks,
  reservedWithin,
} from "../../play/readers/allocator/peaks.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { contextOf } from "../context.ts";
import type { ServedFit, ServingGpu } from "../engine.ts";
import type { LayerCache } from "../../models/families/code/cache.ts";
import type {
  Generation,
  GenerationPlan,
  RecordedGeneration,
} from "./generation.ts";
import type { Demand } from "./room.ts";
import { capacityOf, fitOn } from "./room.ts";
import type { Share } from "./shares.ts";

/** A share of a model on its card, and how it went there. */
export interface PlayedDevice {
  readonly share: Share;
  readonly gpu: ServingGpu;
  readonly generation: Generation;
  readonly allocator: AllocatorPeaks;
  readonly demand: Demand;
  /** What the allocator took, within what the card has. */
  readonly reserved: number;
  /** What is neither PyTorch's nor the model's. */
  readonly outside: number;
  readonly fit: ServedFit;
}

/** Plays a GPU's share of a generation. */
function playDevice(
  scenario: Scenario,
  recorded: RecordedGeneration,
  share: Share,
  gpu: ServingGpu,
): PlayedDevice {
  const workspace = cublasWorkspaceBytes(gpu.gpu);
  const generation = recorded.playOn(share, [workspace]);
  const allocator = allocatorPeaks(generation);
  const demand = {
    peak: generation.peak.bytes - workspace,
    reserved: allocator.reserved - workspace,
  };
  return {
    share,
    gpu,
    generation,
    allocator,
    demand,
    reserved: reservedWithin(generation, allocator, capacityOf(scenario, gpu)),
    outside: contextOf(scenario, gpu),
    fit: fitOn(scenario, demand, gpu),
  };
}

/** GPUs that hold alike shares on alike cards, and one of them as it was played. */
export interface DeviceClass {
  readonly shares: readonly Share[];
  readonly played: PlayedDevice;
}

/**
 * Plays the shares of a generation, alike ones once.
 *
 * @param gpuOf The card of a share, by its number.
 */
export function playDevices(
  scenario: Scenario,
  recorded: RecordedGeneration,
  shares: readonly Share[],
  { plan, caches }: Pick<GenerationPlan, "plan" | "caches">,
  gpuOf: (number: number) => ServingGpu,
): DeviceClass[] {
  const kinds = new Map<LayerCache, number>();
  const names = plan.stack.layers.map(({ id }, at) => {
    const keeps = caches[at] ?? NOTHING;
    if (!kinds.has(keeps)) kinds.set(keeps, kinds.size);
    return `${id}/${kinds.get(keeps)}`;
  });
  const alike = Map.groupBy(
    shares,
    ({ number, layers, isFirst, isLast }) =>
      [gpuOf(number).usable, isFirst, isLast, ...names.slice(...layers)].join(
        " ",
      ),
  );
  return [...alike.values()].map((all) => {
    const [share] = all as [Share, ...Share[]];
    const gpu = gpuOf(share.number);
    return { shares: all, played: playDevice(scenario, recorded, share, gpu) };
  });
}

const NOTHING: LayerCache = [];

/**
 * What lies on a GPU.
 *
 * @param states Of its caches, bytes of states.
 */
export function deviceShareOf(
  { generation, reserved, outside }: PlayedDevice,
  { number }: Share,
  states: number,
): DeviceShare {
  const weights = loadedBytes(generation);
  const cache = generation.cacheBytes;
  return {
    device: `GPU ${number}`,
    weights_bytes: weights,
    kv_bytes: cache - states,
    state_bytes: states,
    compute_bytes: computeBytes(generation),
    total_bytes: reserved + outside,
  };
}

/** Bytes of weights and the buffers beside them. */
export function loadedBytes({ program: { load } }: Generation): number {
  return load.reduce(
    (sum, { buffer }) =>
      buffer.pieces.some(({ group: { part } }) =>
          part === "weights" || part === "buffers"
        )
        ? sum + buffer.bytes
        : sum,
    0,
  );
}

/** Bytes of activations, logits and workspaces at the peak. */
export function computeBytes({ peak: { live } }: Generation): number {
  return live.reduce(
    (sum, { part, bytes }) => STANDING.has(part) ? sum : sum + bytes,
    0,
  );
}

const STANDING = new Set<string>(["weights", "buffers", "KV cache"]);
