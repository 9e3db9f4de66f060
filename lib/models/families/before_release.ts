import type { ConfigReader } from "../tensors/config_reader.ts";

/**
 * Whether a config was saved by a development build of transformers 5, a few of
 * whose models differ from those before it and after it.
 */
export function isBeforeRelease(config: ConfigReader): boolean {
  return config.savedBy.startsWith("5.0.0.dev");
}
