import type { Scenario } from "../../scenario/schema.ts";

/** A file's name for a model and the type of its GGUF. */
export interface GgufFile {
  name: string;
  /** Whether the name says the weights of the scenario. */
  saysWeights: boolean;
}

/** The name that a GGUF of a scenario's model would have. */
export function ggufFileOf({ model, quantization }: Scenario): GgufFile {
  const base = String(model).split("/").at(-1) ?? "";
  const { weights } = quantization;
  const type = weights === "mxfp4"
    ? "MXFP4"
    : weights?.startsWith("gguf:")
    ? weights.slice("gguf:".length)
    : null;
  return {
    name: type === null ? `${base}.gguf` : `${base}-${type}.gguf`,
    saysWeights: type !== null || weights === null,
  };
}
