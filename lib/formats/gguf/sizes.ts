import type { GgmlType } from "../../models/headers/ggml_types.ts";

/** Rows of quantised tensors are padded to so many elements: MATRIX_ROW_PADDING. */
const ROW_PADDING = 512;

/** Boundaries at which a CUDA buffer's and a host buffer's tensors begin. */
const DEVICE_ALIGNMENT = 128;
const HOST_ALIGNMENT = 32;

/** The bytes of rows of elements, as ggml stores them. */
export function rowBytes(
  { elements, bytes }: GgmlType,
  { row, rows }: { row: number; rows: number },
): number {
  return Math.ceil(row / elements) * bytes * rows;
}

/**
 * What a tensor takes of a buffer on a CUDA device.
 *
 * Source: llama.cpp ggml/src/ggml-cuda/ggml-cuda.cu,
 * ggml_backend_cuda_buffer_type_get_alloc_size and …_get_alignment.
 */
export function deviceBytes(
  type: GgmlType,
  { row, rows }: { row: number; rows: number },
): number {
  const over = row % ROW_PADDING;
  const padding = type.quantized && over !== 0
    ? rowBytes(type, { row: ROW_PADDING - over, rows: 1 })
    : 0;
  return upTo(rowBytes(type, { row, rows }) + padding, DEVICE_ALIGNMENT);
}

/**
 * What a tensor takes of a buffer of the host.
 *
 * Source: llama.cpp ggml/src/ggml-backend.cpp, ggml_backend_cpu_buffer_type:
 * TENSOR_ALIGNMENT.
 */
export function hostBytes(
  type: GgmlType,
  size: { row: number; rows: number },
): number {
  return upTo(rowBytes(type, size), HOST_ALIGNMENT);
}

function upTo(bytes: number, boundary: number): number {
  return Math.ceil(bytes / boundary) * boundary;
}
