import type { ConfigReader } from "../../tensors/config_reader.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";

/** Declares a vision tower at its place by its `vision_config`. */
export type TowerFamily = (config: ConfigReader, scope: TensorScope) => void;
