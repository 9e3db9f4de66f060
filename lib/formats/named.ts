import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import { isUsuallyPacked } from "./packable.ts";
import type { WeightScheme } from "./scheme.ts";
import type { WeightPacking } from "./weight_packing.ts";
import { packingLike } from "./weight_packing.ts";

/** A format that a Scenario names, as its checkpoints usually are. */
interface NamedFormat {
  readonly words: string;
  readonly packing: WeightPacking;
  /** Whether it packs a matrix of the usual ones. */
  readonly takes: (tensor: Tensor) => boolean;
}

const every = () => true;
/** Linear attention and state spaces stay as they are. */
const attended = ({ role }: Tensor) => role !== "ssm";

/** The scheme of a format by its name; null where no checkpoints are like it. */
export function namedScheme(
  name: string,
  { quantization, precision, serve }: Scenario,
  model: Model,
): WeightScheme | null {
  const format = formatNamed(name, {
    group: quantization.group_size,
    byTransformers: serve.engine === "transformers",
    experts: model.architecture.experts > 0,
  });
  if (format === null) return null;
  const { words, packing, takes } = format;
  return {
    words,
    plain: precision.weights,
    narrows: packing.layout === "awq",
    packed: (tensor) => [{
      packing: isUsuallyPacked(tensor) && takes(tensor) ? packing : null,
      layers: tensor.layers,
    }],
    basis: "derived",
    notes: [],
  };
}

function formatNamed(
  name: string,
  { group, byTransformers, experts }: {
    readonly group: number;
    readonly byTransformers: boolean;
    readonly experts: boolean;
  },
): NamedFormat | null {
  const groups = group === -1
    ? { scales: "channel" as const }
    : { scales: "group" as const, group };
  const of = group === -1 ? "" : `, groups of ${group}`;
  switch (name) {
    case "gptq-int4":
    case "gptq-int8": {
      const bits = name === "gptq-int4" ? 4 : 8;
      return {
        words: `GPTQ, ${bits} bits${of}`,
        packing: packingLike({ layout: "gptq", bits, ...groups }),
        takes: attended,
      };
    }
    case "awq-int4":
      return {
        words: `AWQ, 4 bits${of}`,
        packing: packingLike({ layout: "awq", symmetric: false, ...groups }),
        takes: attended,
      };
    case "int4":
      return {
        words: `compressed-tensors, 4-bit integers${of}`,
        packing: packingLike({ layout: "compressed-tensors", ...groups }),
        takes: attended,
      };
    case "hqq-int4":
      return {
        words: `HQQ, 4 bits${of}`,
        packing: packingLike({ layout: "hqq", symmetric: false, ...groups }),
        takes: attended,
      };
    case "nf4":
    case "nf4-dq":
      return {
        words: name === "nf4"
          ? "bitsandbytes NF4"
          : "bitsandbytes NF4, scales quantised too",
        packing: packingLike({
          layout: "bitsandbytes",
          kind: "float",
          group: 64,
          nested: name === "nf4-dq",
        }),
        takes: every,
      };
    case "int8":
      return byTransformers
        ? {
          words: "bitsandbytes LLM.int8()",
          packing: packingLike({
            layout: "bitsandbytes",
            bits: 8,
            scales: "channel",
            activations: { bits: 8, dynamic: true },
          }),
          takes: every,
        }
        : formatNamed("w8a8-int8", { group, byTransformers, experts });
    case "w8a8-int8":
      return {
        words: "compressed-tensors, 8-bit integers, a scale an output",
        packing: packingLike({
          layout: "compressed-tensors",
          bits: 8,
          scales: "channel",
          activations: { bits: 8, dynamic: true },
        }),
        takes: every,
      };
    case "fp8":
      return {
        words: "compressed-tensors, fp8, a scale an output",
        packing: packingLike({
          layout: "compressed-tensors",
          kind: "float",
          bits: 8,
          scales: "channel",
          activations: { bits: 8, dynamic: true },
        }),
        takes: every,
      };
    case "fp8-block":
      return {
        words: "fp8, blocks of 128 × 128",
        packing: packingLike({
          layout: "fp8",
          kind: "float",
          bits: 8,
          scales: "block",
          block: [128, 128],
          activations: { bits: 8, dynamic: true },
        }),
        takes: every,
      };
    case "mxfp4":
      return {
        words: "MXFP4, groups of 32",
        packing: packingLike({ layout: "mxfp4", kind: "float", group: 32 }),
        takes: experts ? ({ expert }) => expert : attended,
      };
    case "nvfp4":
      return {
        words: "NVFP4, groups of 16",
        packing: packingLike({
          layout: "modelopt",
          kind: "float",
          group: 16,
          activations: { bits: 4, dynamic: false },
        }),
        takes: attended,
      };
    default:
      return null;
  }
}
