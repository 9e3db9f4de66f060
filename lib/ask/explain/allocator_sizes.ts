import type { Printed } from "../../failures/printed.ts";
import {
  LARGE_POOL,
  SMALL_POOL,
  UNIT,
} from "../../play/memory/allocator/sizes.ts";

/**
 * What PyTorch asks the driver for where a tensor of so many bytes has to have a
 * segment of its own: the size that its message tells.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, malloc: the message has
 * alloc_size, which get_allocation_size gives
 */
export function askedOfDriver(bytes: number): number {
  const units = Math.ceil(bytes / UNIT);
  const pool = SMALL_POOL.takes(units) ? SMALL_POOL : LARGE_POOL;
  return pool.segment(units) * UNIT;
}

/** Whether a message that tells an amount may be of a tensor of so many bytes. */
export function mayBe(bytes: number, tried: Printed): boolean {
  return Math.abs(askedOfDriver(bytes) - tried.bytes) <= tried.rounding;
}

/** What tensors from 1 to 10 MiB share: it says nothing of which one asked. */
const SHARED = 20 * 1024 ** 2;

/** Whether so small a request was asked for that its size tells no tensor. */
export function isSmall(tried: Printed): boolean {
  return tried.bytes <= SHARED;
}
