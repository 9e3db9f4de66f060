import { MIB } from "../../units/mod.ts";

/**
 * Bytes that a captured graph of one layer keeps, and one of what stands between the
 * layers. Read off start-up logs: vLLM 0.19 to 0.24 estimate 0.64 and 0.78 GiB for 51
 * piecewise and 35 full graphs of 32 layers, 0.37 GiB for 35 and 19, 0.22 GiB for 15
 * piecewise ones of 64 layers.
 */
const PER_LAYER = 0.25 * MIB;

/**
 * Bytes that vLLM sets aside for CUDA graphs: one for each piece of the model at each
 * size, and whole ones for the sizes that only decode.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu/cudagraph_utils.py,
 * profile_cudagraph_memory
 */
export function graphBytes(
  captured: readonly number[],
  { layers, mostDecoded }: {
    readonly layers: number;
    /** Tokens of the largest step that only decodes. */
    readonly mostDecoded: number;
  },
): number {
  const whole = captured.filter((size) => size <= mostDecoded).length;
  return Math.round((captured.length + whole) * (layers + 1) * PER_LAYER);
}
