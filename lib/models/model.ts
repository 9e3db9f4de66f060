import type { Architecture } from "./architecture.ts";
import type { Config } from "./config.ts";
import type { GgmlFile } from "./headers/ggml_file.ts";
import type { RoleCount } from "./roles.ts";
import type { ModelBuffer, Tensor } from "./tensors/tensor.ts";

/** A model as the methods see it: its tensors and its dimensions. */
export interface Model {
  name: string;
  source: "catalogue" | "config" | "headers" | "dims";
  architecture: Architecture;
  /** The config.json that it was built from, where there was one. */
  config?: Config;
  /** The config.json beside the headers that its tensors were read from. */
  released?: Config;
  /** What the GGUF file that it was read from holds, where it was one. */
  gguf?: GgmlFile;
  /** Every parameter tensor, one entry for all layers that have it alike. */
  tensors: readonly Tensor[];
  /** The parameters by what they are for. */
  roles: readonly RoleCount[];
  /** What is resident beside the parameters. */
  buffers: readonly ModelBuffer[];
  parameters: number;
  active_parameters: number;
  /** How the number of parameters is known. */
  parameters_basis: "exact" | "derived" | "assumed";
  /** What the reader has to know about how the model was understood. */
  notes: readonly string[];
  /** What of its config is not counted or would not run; every answer says so. */
  doubts?: readonly string[];
}
