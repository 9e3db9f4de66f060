import type { HeadKeeper } from "../../play/layers/kept_heads.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { KeptTokens } from "./caches.ts";

/** How a cache stores its numbers in fewer bits. */
export type CacheQuantizer =
  /** In 8-bit floats, with one scale for all: appended to as they are. */
  | "fp8"
  /** HQQ's 8 bits, a scale and a zero for 64 numbers; the newest stay as they are. */
  | "int8";

/** Numbers that share a scale and a zero in HQQ's caches. */
const GROUP = 64;

/** Bytes of so many numbers, scales and zeros of two bytes among them. */
export function quantizedBytes(how: CacheQuantizer, numbers: number): number {
  return how === "fp8" ? numbers : numbers + 4 * Math.ceil(numbers / GROUP);
}

/**
 * A cache of fewer bits: a prompt is looked at as it is, and every later token
 * expands the layer's whole cache.
 *
 * Source: huggingface/transformers cache_utils.py, Fp8QuantizedLayer,
 * QuantizedLayer and HQQQuantizedLayer; hqq core/quantize.py
 */
export function quantizedCache(
  ports: KeptPorts,
  { batch, fresh, held, seen }: KeptTokens,
  how: CacheQuantizer,
): HeadKeeper {
  const named = (k: Value, v: Value) =>
    [["cached keys", k], ["cached values", v]] as const;
  const widthOf = ({ elements }: Value) => elements / (batch * fresh);
  return (m, k, v) => {
    if (held === 0) {
      for (const [name, each] of named(k, v)) {
        narrowed(m, ports, name, each, how);
      }
      return { keys: k, values: v, seen };
    }
    const expanded = named(k, v).map(([name, each]) => {
      const width = widthOf(each);
      const bytes = quantizedBytes(how, batch * held * width);
      const old = ports.taken(name, bytes, "uint8");
      const numbers = batch * seen * width;
      if (how === "int8") return scaledBack(m, each, batch * held * width);
      const joined = ports.kept(name, quantizedBytes(how, numbers), "uint8");
      m.drop(old);
      const wide = m.create(numbers, "fp32", "cache in fp32");
      const product = m.create(numbers, "fp32", "scaled cache in fp32");
      m.drop(wide);
      const out = m.create(numbers, each.dtype, "expanded cache");
      m.drop(product, joined);
      return out;
    }) as [Value, Value];
    if (how === "fp8") {
      m.drop(k, v);
      return { keys: expanded[0], values: expanded[1], seen };
    }
    const joined = named(k, v).map(([, each]) =>
      m.create(
        batch * seen * widthOf(each),
        each.dtype,
        "expanded cache and newest tokens",
      )
    ) as [Value, Value];
    m.drop(...expanded, k, v);
    return { keys: joined[0], values: joined[1], seen };
  };
}

/** Stores a prompt's keys or values. */
function narrowed(
  m: Machine,
  ports: KeptPorts,
  name: string,
  { elements }: Value,
  how: CacheQuantizer,
): void {
  const wide = m.create(elements, "fp32", "cache in fp32");
  const product = m.create(elements, "fp32", "scaled cache in fp32");
  m.drop(wide);
  const stored = ports.kept(name, quantizedBytes(how, elements), "uint8");
  m.drop(product, stored);
}

/** (codes - zero) x scale, in the cache's own type. */
function scaledBack(m: Machine, { dtype }: Value, numbers: number): Value {
  const codes = m.create(numbers, dtype, "codes of the cache");
  const out = m.create(numbers, dtype, "expanded cache");
  m.drop(codes);
  return out;
}
