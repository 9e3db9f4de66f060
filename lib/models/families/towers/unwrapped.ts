import type { ConfigReader } from "../../tensors/config_reader.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { isBeforeRelease } from "../before_release.ts";

/** A tower's place, which the development build of transformers 5 wraps. */
export function unwrapped(
  config: ConfigReader,
  scope: TensorScope,
): TensorScope {
  return isBeforeRelease(config) ? scope.scope("vision_model") : scope;
}
