import type { WeightPacking } from "./weight_packing.ts";
import { packingLike } from "./weight_packing.ts";

/** A format as its checkpoints usually have it. */
export interface UsualPacking {
  readonly words: string;
  readonly packing: WeightPacking;
  /** How the head is packed, where it is. */
  readonly head?: WeightPacking;
  readonly notes?: readonly string[];
}

/** What decides between the layouts of one name. */
interface Circumstances {
  /** Inputs that share a scale; -1 is all. */
  readonly group: number;
  /** Whether transformers quantises as it loads. */
  readonly byTransformers: boolean;
}

/**
 * A format of weights by its name, in training and in serving alike.
 *
 * @returns Null for a name that no checkpoint's format has.
 */
export function usualPacking(
  name: string,
  { group, byTransformers }: Circumstances,
): UsualPacking | null {
  const fixed = FIXED[name];
  if (fixed) return fixed;
  if (name === "int8") return byTransformers ? LLM_INT8 : INT8;
  const integers = IN_GROUPS[name];
  if (integers) {
    const { words, ...said } = integers;
    return {
      words: `${words}${group === -1 ? "" : `, groups of ${group}`}`,
      packing: packingLike({
        ...said,
        ...(group === -1
          ? { scales: "channel" as const }
          : { scales: "group" as const, group }),
      }),
    };
  }
  const mean = /^(exl[23]):([\d.]+)$/.exec(name);
  return mean
    ? exl(mean[1] === "exl2" ? "exl2" : "exl3", Number(mean[2]))
    : null;
}

/** Formats whose scales stand for as many inputs as a Scenario says. */
const IN_GROUPS: Readonly<
  Record<
    string,
    & { readonly words: string }
    & Pick<WeightPacking, "layout">
    & Partial<WeightPacking>
  >
> = {
  "gptq-int4": { words: "GPTQ, 4 bits", layout: "gptq" },
  "gptq-int8": { words: "GPTQ, 8 bits", layout: "gptq", bits: 8 },
  "awq-int4": { words: "AWQ, 4 bits", layout: "awq", symmetric: false },
  "int4": {
    words: "compressed-tensors, 4-bit integers",
    layout: "compressed-tensors",
  },
  "hqq-int4": { words: "HQQ, 4 bits", layout: "hqq", symmetric: false },
};

const DYNAMIC = { bits: 8, dynamic: true } as const;

/** 8-bit integers as bitsandbytes makes them of any checkpoint. */
const LLM_INT8: UsualPacking = {
  words: "bitsandbytes LLM.int8()",
  packing: packingLike({
    layout: "bitsandbytes",
    bits: 8,
    scales: "channel",
    activations: DYNAMIC,
  }),
};

/** 8-bit integers as engines read them. */
const INT8: UsualPacking = {
  words: "compressed-tensors, 8-bit integers, a scale an output",
  packing: packingLike({
    layout: "compressed-tensors",
    bits: 8,
    scales: "channel",
    activations: DYNAMIC,
  }),
};

/** fp8 as it is made of any checkpoint. */
const FP8: UsualPacking = {
  words: "compressed-tensors, fp8, a scale an output",
  packing: packingLike({
    layout: "compressed-tensors",
    kind: "float",
    bits: 8,
    scales: "channel",
    activations: DYNAMIC,
  }),
};

const NF4 = { layout: "bitsandbytes", kind: "float", group: 64 } as const;

/** Formats that are always alike. */
const FIXED: Readonly<Record<string, UsualPacking>> = {
  "nf4": {
    words: "bitsandbytes NF4",
    packing: packingLike(NF4),
  },
  "nf4-dq": {
    words: "bitsandbytes NF4, scales quantised too",
    packing: packingLike({ ...NF4, nested: true }),
  },
  "w8a8-int8": INT8,
  "fp8": FP8,
  "fp8-channel": FP8,
  "fp8-block": {
    words: "fp8, blocks of 128 × 128",
    packing: packingLike({
      layout: "fp8",
      kind: "float",
      bits: 8,
      scales: "block",
      block: [128, 128],
      activations: DYNAMIC,
    }),
  },
  "mxfp4": {
    words: "MXFP4, groups of 32",
    packing: packingLike({ layout: "mxfp4", kind: "float", group: 32 }),
  },
  "nvfp4": {
    words: "NVFP4, groups of 16",
    packing: packingLike({
      layout: "modelopt",
      kind: "float",
      group: 16,
      activations: { bits: 4, dynamic: false },
    }),
  },
};

/** Bits of the head that EXL2's and EXL3's converters take unless told. */
const EXL_HEAD_BITS = 6;

function exl(layout: "exl2" | "exl3", bits: number): UsualPacking {
  const packing = (width: number) =>
    packingLike({ layout, bits: width, scales: "channel" });
  const name = layout.toUpperCase();
  return {
    words: `${name}, ${bits} bits a weight, head ${EXL_HEAD_BITS}`,
    packing: packing(bits),
    head: packing(EXL_HEAD_BITS),
    notes: [
      `${name} picks the bits of each matrix: all are taken for the mean, ${bits}, and the head for ${EXL_HEAD_BITS}`,
    ],
  };
}
