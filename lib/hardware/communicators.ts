import { MIB } from "../units/mod.ts";
import type { Gpu } from "./gpus.ts";

/**
 * What NCCL takes of each GPU for one communicator that has reduced, beside
 * PyTorch's allocator: buffers of its channels, for each neighbour and protocol
 * (4 MiB simple, 4.7 MiB LL128, 0.5 MiB LL).
 *
 * Measured once, over groups of four A100 joined by NVLink: 544 MB for a pair and
 * 688 MB for more, whose trees have two neighbours. More ranks take no more; it
 * grows with channels, of which 24 are made there.
 *
 * Sources: NVIDIA/nccl issues 964 and 864; src/include/device.h, src/init.cc
 */
const OF_A_PAIR = 544 * MIB;
const OF_MORE = 688 * MIB;
const CHANNELS = 24;

/**
 * Channels of GPUs that talk over PCIe: one ring, twice.
 *
 * Source: NVIDIA/nccl src/graph/connect.cc, ncclTopoPostset
 */
const CHANNELS_ON_PCIE = 2;

/**
 * The bytes of each GPU that a communicator over so many takes. Cards of data
 * centres are taken to be joined by NVLink, others by PCIe alone.
 *
 * @param gpu Null for a memory of the user's own.
 */
export function communicatorBytes(gpu: Gpu | null, ranks: number): number {
  if (ranks < 2) return 0;
  const whole = ranks === 2 ? OF_A_PAIR : OF_MORE;
  return gpu === null || gpu.class === "data-centre"
    ? whole
    : Math.round(whole * CHANNELS_ON_PCIE / CHANNELS);
}
