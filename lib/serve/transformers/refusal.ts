import type { Act } from "../../play/program/act.ts";
import type { Program } from "../../play/program/act.ts";
import { GIB } from "../../units/mod.ts";

/**
 * What PyTorch says when a program asks for more than there is.
 *
 * @param gpu Its number, its bytes, and what of them the allocator can have.
 */
export function outOfMemory(
  { load, step }: Program,
  { number, usable, capacity }: {
    readonly number: number;
    readonly usable: number;
    readonly capacity: number;
  },
): string {
  const { asked, standing } = firstBeyond([...load, ...step], capacity);
  return `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${
    size(asked)
  }. GPU ${number} has a total capacity of ${size(usable)} of which ${
    size(Math.max(0, capacity - standing))
  } is free. ${size(standing)} is allocated by PyTorch`;
}

/** The first tensor that does not fit, and what stands before it. */
function firstBeyond(
  acts: readonly Act[],
  capacity: number,
): { asked: number; standing: number } {
  let standing = 0;
  let largest = 0;
  for (const act of acts) {
    if (act.act === "take") {
      for (let copy = 0; copy < act.buffer.copies; copy++) {
        for (const { bytes, count } of act.buffer.pieces) {
          const room = Math.floor((capacity - standing) / bytes);
          if (room < count) {
            return { asked: bytes, standing: standing + room * bytes };
          }
          standing += bytes * count;
        }
      }
      continue;
    }
    if (act.act !== "run") continue;
    const { tape, from, to, peak, net } = act.segment;
    if (standing + peak <= capacity) {
      standing += net;
      continue;
    }
    for (let at = from; at < to; at++) {
      const event = tape.events[at] ?? 0;
      const bytes = tape.bytes[event >= 0 ? event : ~event] ?? 0;
      if (event < 0) standing -= bytes;
      else if (standing + bytes > capacity) return { asked: bytes, standing };
      else {
        standing += bytes;
        largest = Math.max(largest, bytes);
      }
    }
  }
  // Tensors fit, but not with what lies unused between them.
  return { asked: largest, standing };
}

/** As PyTorch prints sizes: c10/core/CachingDeviceAllocator, format_size. */
function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(2)} KiB`;
  return bytes < GIB
    ? `${(bytes / 1024 ** 2).toFixed(2)} MiB`
    : `${(bytes / GIB).toFixed(2)} GiB`;
}
