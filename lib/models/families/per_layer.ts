import type { ConfigReader } from "../tensors/config_reader.ts";

/** A key as Python's int() takes it: "5", "05", " 5", "+5", "0_5". */
const WHOLE = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/;

/**
 * The configs of single layers by the number of the layer. transformers writes
 * the numbers with as many digits as the largest has: "05" beside "29".
 *
 * Source: huggingface/transformers
 * integrations/heterogeneity/configuration_utils.py,
 * _apply_heterogeneous_config
 *
 * @param key The field that holds them.
 * @param count The layers that the model has.
 */
export function perLayer(
  config: ConfigReader,
  key: string,
  count: number,
): ReadonlyMap<number, ConfigReader> {
  const layers = new Map<number, ConfigReader>();
  const inner = config.inner(key);
  for (const name of config.keys(key)) {
    const layer = layerOf(name);
    if (layer !== null && layer < count) layers.set(layer, inner.inner(name));
    else {
      config.refuse(
        key,
        `must name layers by whole numbers from 0 to ${count - 1}`,
        name,
      );
    }
  }
  return layers;
}

function layerOf(name: string): number | null {
  const [, sign = "", digits] = WHOLE.exec(name) ?? [];
  if (digits === undefined) return null;
  const layer = Number(digits.replaceAll("_", ""));
  return sign === "-" && layer > 0 ? null : layer;
}
