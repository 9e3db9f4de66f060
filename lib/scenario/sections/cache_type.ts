import { z } from "zod";
import { field } from "../about.ts";
import { byShape, isObject } from "../fields.ts";
import * as when from "../when.ts";

const TYPES = [
  "auto",
  "fp32",
  "bf16",
  "fp16",
  "fp8",
  "int8",
  "q8_0",
  "q5_1",
  "q5_0",
  "q4_1",
  "q4_0",
  "iq4_nl",
] as const;

/** A type of a cache's elements. */
export type CacheType = (typeof TYPES)[number];

/** llama.cpp's names of what others call otherwise. */
const SYNONYMS: Record<string, CacheType> = { f16: "fp16", f32: "fp32" };

function type() {
  return z.preprocess(
    (value) =>
      typeof value === "string" && Object.hasOwn(SYNONYMS, value)
        ? SYNONYMS[value]
        : value,
    z.enum(TYPES),
  );
}

const plain = type();

const each = {
  group: "limits",
  needs: [when.served("llama.cpp")],
} as const;

/** Keys and values in a type each, as llama.cpp keeps them. */
const pair = z.strictObject({
  k: field(type().default("auto"), {
    ...each,
    label: "Keys' type",
    blank: "as KV cache type",
    help: "llama.cpp: type of keys; wins over the type of both",
    flag: "--cache-type-k",
  }),
  v: field(type().default("auto"), {
    ...each,
    label: "Values' type",
    blank: "as KV cache type",
    help: "llama.cpp: type of values; wins over the type of both",
    flag: "--cache-type-v",
  }),
});

/** The type of a cache, of both or of keys and values each. */
export const cacheType = byShape<CacheType | z.infer<typeof pair>>(
  (value) => isObject(value) && Object.keys(value).length > 0 ? pair : plain,
  { text: plain, objects: [pair] },
);
