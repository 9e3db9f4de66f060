/**
 * Checkpoints by their headers: names, shapes and types of tensors in, a model's
 * tensors out. Whoever calls brings the reader of a file's parts.
 *
 * @module
 */
export { compareTensors } from "./compare_tensors.ts";
export type { Comparison, Counted } from "./compare_tensors.ts";
export type { GgufHeader, GgufTensor, GgufValue } from "./gguf_header.ts";
export { hintsOfConfig, NO_HINTS } from "./hints_of_config.ts";
export type { HeaderHints } from "./hints_of_config.ts";
export type { HeaderTensor } from "./header_tensor.ts";
export { modelOfGguf } from "./model_of_gguf.ts";
export { tensorsOfGguf } from "./tensors_of_gguf.ts";
export { tensorsOfHeaders } from "./tensors_of_headers.ts";
export type { CheckpointTensors } from "./tensors_of_headers.ts";
export { filesOfIndex } from "./files_of_index.ts";
export { joinGguf, readGguf, splitGguf } from "./read_gguf.ts";
export { BrokenHeader, rangesOfBlob } from "./ranges.ts";
export type { ReadRange } from "./ranges.ts";
export { readSafetensors } from "./read_safetensors.ts";
export { MAX_FILES, MAX_HEADER_BYTES } from "./limits.ts";
