import { sure } from "./sure.ts";

/** A piece of a buffer that is free; the last of a heap has no end. */
interface Hole {
  offset: number;
  size: number;
}

/**
 * A buffer that grows while a graph is planned.
 *
 * Takes the smallest hole that is large enough, of equals the later one, and the
 * open end only where no other is.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/src/ggml-alloc.c, ggml_dyn_tallocr_alloc,
 * ggml_dyn_tallocr_free_bytes; one chunk, as CUDA and hosts have no largest buffer
 */
export class Heap {
  readonly #alignment: number;
  readonly #holes: Hole[] = [{ offset: 0, size: Number.MAX_SAFE_INTEGER }];
  #top = 0;

  /** @param alignment Bytes that sizes are rounded to: 128 on CUDA, 32 on hosts. */
  constructor(alignment: number) {
    this.#alignment = alignment;
  }

  /** The size that the buffer has to have. */
  get top(): number {
    return this.#top;
  }

  padded(size: number): number {
    return Math.ceil(size / this.#alignment) * this.#alignment;
  }

  /** @returns Where in the buffer. */
  take(bytes: number): number {
    const size = this.padded(bytes);
    const holes = this.#holes;
    let best = holes.length - 1;
    let least = Infinity;
    for (let at = 0; at < holes.length - 1; at += 1) {
      const hole = sure(holes[at]).size;
      if (hole >= size && hole <= least) {
        best = at;
        least = hole;
      }
    }
    const hole = sure(holes[best]);
    const { offset } = hole;
    hole.offset += size;
    hole.size -= size;
    if (hole.size === 0) holes.splice(best, 1);
    this.#top = Math.max(this.#top, offset + size);
    return offset;
  }

  free(offset: number, bytes: number): void {
    const size = this.padded(bytes);
    const holes = this.#holes;
    let at = 0;
    while (at < holes.length && sure(holes[at]).offset < offset) at += 1;
    const before = holes[at - 1];
    const after = holes[at];
    if (before && before.offset + before.size === offset) {
      before.size += size;
      if (after && before.offset + before.size === after.offset) {
        before.size += after.size;
        holes.splice(at, 1);
      }
    } else if (after && offset + size === after.offset) {
      after.offset = offset;
      after.size += size;
    } else holes.splice(at, 0, { offset, size });
  }
}
