import type { Backends } from "./backends.ts";
import { hostOf } from "./backends.ts";
import { Heap } from "./heap.ts";
import type { Schedule } from "./schedule.ts";
import type { GgmlNode, Op } from "./tensor.ts";
import { sameLayout } from "./tensor.ts";
import { sure } from "./sure.ts";

/**
 * Bytes that offsets are rounded to.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml-cuda/ggml-cuda.cu,
 * ggml_backend_cuda_buffer_type_get_alignment; ggml-backend.cpp, TENSOR_ALIGNMENT
 */
const CUDA_ALIGNMENT = 128;
const HOST_ALIGNMENT = 32;

/**
 * Operations that may write over what they read.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/src/ggml-alloc.c, ggml_op_can_inplace
 */
const IN_PLACE: ReadonlySet<Op> = new Set<Op>([
  "ADD",
  "ADD_ID",
  "CLAMP",
  "DIV",
  "FILL",
  "MUL",
  "RMS_NORM",
  "ROPE",
  "SCALE",
  "SOFT_MAX",
  "SQR",
  "SUB",
  "UNARY",
]);

/**
 * The compute buffer of each backend, the host's last: ggml's graph allocator over
 * a graph's tensors.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/src/ggml-alloc.c,
 * ggml_gallocr_alloc_graph_impl
 */
export function buffersOf(schedule: Schedule, backends: Backends): number[] {
  const host = hostOf(backends);
  const heaps = Array.from(
    { length: host + 1 },
    (_, at) => new Heap(at === host ? HOST_ALIGNMENT : CUDA_ALIGNMENT),
  );
  new Allocator(heaps, host).run(schedule);
  return heaps.map(({ top }) => top);
}

class Allocator {
  readonly #heaps: readonly Heap[];
  readonly #host: number;

  constructor(heaps: readonly Heap[], host: number) {
    this.#heaps = heaps;
    this.#host = host;
  }

  run({ leafs, nodes }: Schedule): void {
    for (const leaf of leafs) this.#allocate(leaf, leaf.backend);
    for (const node of nodes) {
      // A node without an operation is there for what it reads alone.
      if (node.viewOf !== null && node.op !== "NONE") node.viewOf.views += 1;
      for (const source of node.src) source.children += 1;
    }
    for (const node of nodes) {
      for (const source of node.src) this.#allocate(source, node.backend);
      this.#allocate(node, node.backend);
      for (const source of node.src) this.#leave(source);
    }
  }

  #sizeOf(tensor: GgmlNode, heap: number): number {
    return heap === this.#host ? tensor.bytes : tensor.deviceBytes;
  }

  #allocate(tensor: GgmlNode, backend: number): void {
    if (tensor.isAllocated || tensor.viewOf !== null || tensor.held !== null) {
      return;
    }
    tensor.isAllocated = true;
    if (IN_PLACE.has(tensor.op)) {
      for (const parent of tensor.src) {
        if (this.#takesOver(tensor, parent, backend)) return;
      }
    }
    tensor.heap = backend;
    tensor.offset = sure(this.#heaps[backend]).take(
      this.#sizeOf(tensor, backend),
    );
  }

  /** Writes over a parent that nothing else will read, where that is possible. */
  #takesOver(tensor: GgmlNode, parent: GgmlNode, backend: number): boolean {
    // Views are not allocated themselves: none is ever written over.
    if (
      !parent.isAllocated || parent.isOutput || parent.children !== 1 ||
      parent.views !== 0 || !sameLayout(tensor, parent)
    ) return false;
    const heap = sure(this.#heaps[parent.heap]);
    tensor.heap = parent.heap;
    tensor.offset = parent.offset;
    parent.isAllocated = false;
    const own = heap.padded(this.#sizeOf(tensor, backend));
    const spare = heap.padded(this.#sizeOf(parent, parent.heap)) - own;
    if (spare > 0) heap.free(tensor.offset + own, spare);
    return true;
  }

  #leave(parent: GgmlNode): void {
    parent.children -= 1;
    if (parent.children > 0 || parent.views > 0) return;
    const { viewOf } = parent;
    if (viewOf === null) this.#free(parent);
    else {
      viewOf.views -= 1;
      if (viewOf.views === 0 && viewOf.children === 0) this.#free(viewOf);
    }
  }

  #free(tensor: GgmlNode): void {
    if (!tensor.isAllocated || tensor.isOutput) return;
    sure(this.#heaps[tensor.heap]).free(
      tensor.offset,
      this.#sizeOf(tensor, tensor.heap),
    );
    tensor.isAllocated = false;
  }
}
