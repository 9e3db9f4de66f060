import type { Case, Input } from "../case.ts";
import { modelOfCheckpoint, modelOfGguf } from "../doors.ts";
import { hashOf } from "../hash.ts";
import type { TrueModel } from "../truth.ts";
import { randomModels } from "../truth.ts";

/** Ways in which a checkpoint stores a matrix of weights. */
const STORED: Readonly<
  Record<
    string,
    (name: string, shape: number[]) => [string, number[], string][]
  >
> = {
  plain: (name, shape) => [[name, shape, "BF16"]],
  "bitsandbytes 4": (name, shape) => [
    [name, [Math.ceil(size(shape) / 2), 1], "U8"],
    [`${name}.absmax`, [Math.ceil(size(shape) / 64)], "F32"],
    [`${name}.quant_map`, [16], "F32"],
    [`${name}.quant_state.bitsandbytes__nf4`, [86], "U8"],
  ],
  gptq: (name, [rows = 1, columns = 1]) => [
    [part(name, "qweight"), [Math.ceil(columns / 8), rows], "I32"],
    [
      part(name, "qzeros"),
      [Math.ceil(columns / 32), Math.ceil(rows / 8)],
      "I32",
    ],
    [part(name, "scales"), [Math.ceil(columns / 32), rows], "F16"],
    [part(name, "g_idx"), [columns], "I32"],
  ],
  awq: (name, [rows = 1, columns = 1]) => [
    [part(name, "qweight"), [columns, Math.ceil(rows / 8)], "I32"],
    [
      part(name, "qzeros"),
      [Math.ceil(columns / 32), Math.ceil(rows / 8)],
      "I32",
    ],
    [part(name, "scales"), [Math.ceil(columns / 32), rows], "F16"],
  ],
  fp8: (name, shape) => [
    [name, shape, "F8_E4M3"],
    [`${name}_scale_inv`, shape.map((side) => Math.ceil(side / 128)), "F32"],
  ],
  mlx: (name, [rows = 1, columns = 1]) => [
    [name, [rows, columns / 8], "U32"],
    [part(name, "scales"), [rows, Math.ceil(columns / 64)], "F16"],
    [part(name, "biases"), [rows, Math.ceil(columns / 64)], "F16"],
  ],
  compressed: (name, [rows = 1, columns = 1]) => [
    [`${name}_packed`, [rows, columns / 8], "I32"],
    [`${name}_scale`, [rows, 1], "BF16"],
    [`${name}_shape`, [2], "I64"],
  ],
  nvfp4: (name, [rows = 1, columns = 1]) => [
    [name, [rows, columns / 2], "U8"],
    [`${name}_scale`, [rows, columns / 16], "F8_E4M3"],
    [`${name}_scale_2`, [], "F32"],
    [part(name, "input_scale"), [], "F32"],
  ],
  "nvfp4 compressed": (name, [rows = 1, columns = 1]) => [
    [`${name}_packed`, [rows, columns / 2], "U8"],
    [`${name}_scale`, [rows, columns / 16], "F8_E4M3"],
    [`${name}_global_scale`, [1], "F32"],
  ],
  hqq: (name, shape) => [
    [part(name, "W_q"), [size(shape) / 128, 64], "U8"],
    [part(name, "scale"), [size(shape) / 64, 1], "F16"],
    [part(name, "zero"), [size(shape) / 64, 1], "F16"],
  ],
  "bitsandbytes 8": (name, [rows = 1, columns = 1]) => [
    [name, [rows, columns], "I8"],
    [part(name, "SCB"), [rows], "F32"],
    [part(name, "weight_format"), [], "U8"],
  ],
  mxfp4: (name, [rows = 1, columns = 1]) => [
    [`${name}_blocks`, [rows, columns / 32, 16], "U8"],
    [`${name}_scales`, [rows, columns / 32], "U8"],
  ],
  unheard: (name, shape) => [[name, shape, "Q99"]],
};

/** Checkpoints by their headers, with a config and without. */
export function headerCases(): Case[] {
  const byType = Map.groupBy(randomModels(), ({ model_type }) => model_type);
  return [...byType].flatMap(([type, [model]]) =>
    model ? checkpointsOf(type, model) : []
  ).concat(ggufCases());
}

function checkpointsOf(type: string, model: TrueModel): Case[] {
  return Object.entries(STORED).map(([how, store]) => ({
    id: `headers ${type} ${how}`,
    answer: () => {
      const headers = headersOf(model, store);
      const config: Input = {
        ...model.config,
        ...(how === "plain"
          ? {}
          : { quantization_config: { bits: 4, group_size: 32 } }),
      };
      return [
        modelOfCheckpoint({ id: "x/y", config, headers }),
        modelOfCheckpoint({ id: "x/y", config, headers }, "headers"),
        modelOfCheckpoint({ id: "x/y", config: null, headers }),
        modelOfCheckpoint({ id: "x/y", config, headers: null }),
        modelOfCheckpoint({ id: "x/y", config: null, headers: null }),
        modelOfCheckpoint({
          id: "x/y",
          config: null,
          headers: headers.filter((_, at) => at % 3 > 0),
        }),
      ].map((built) => {
        if (!built.ok) return built;
        const { tensors, buffers: _, ...rest } = built.value;
        return {
          ...rest,
          tensors: tensors.length,
          tensors_hash: hashOf(JSON.stringify(tensors)),
        };
      });
    },
  }));
}

/** A tensor of the truth files stands for one in every layer. */
function headersOf(
  { tensors }: TrueModel,
  store: (name: string, shape: number[]) => [string, number[], string][],
): { name: string; shape: number[]; dtype: string }[] {
  return tensors.flatMap(([name, shape, count]) =>
    Array.from({ length: count }, (_, at) => name.replaceAll(".N", `.${at}`))
      .flatMap((each) =>
        shape.length === 2 && /proj|attn|mlp|dense|fc/.test(each)
          ? store(each, shape)
          : [[each, shape, "BF16"] as [string, number[], string]]
      )
      .map(([each, sides, dtype]) => ({ name: each, shape: sides, dtype }))
  );
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function part(name: string, suffix: string): string {
  return name.replace(/weight$/, suffix);
}

/** Names of GGUF files' tensors in each layer, with their sides. */
const BLOCK: readonly [name: string, shape: number[]][] = [
  ["attn_norm.weight", [256]],
  ["attn_q.weight", [256, 256]],
  ["attn_k.weight", [256, 64]],
  ["attn_v.weight", [256, 64]],
  ["attn_output.weight", [256, 256]],
  ["ffn_norm.weight", [256]],
  ["ffn_gate.weight", [256, 512]],
  ["ffn_up.weight", [256, 512]],
  ["ffn_down.weight", [512, 256]],
];

function ggufCases(): Case[] {
  const types = Array.from({ length: 42 }, (_, type) => type);
  return ["llama", "qwen3moe", "gemma2", "no_such"].flatMap((architecture) =>
    types.map((type) => ({
      id: `gguf ${architecture} of type ${type}`,
      answer: () => {
        const built = modelOfGguf("x.gguf", {
          metadata: {
            "general.architecture": architecture,
            "general.name": "A model",
            [`${architecture}.block_count`]: 2,
            [`${architecture}.embedding_length`]: 256,
            [`${architecture}.feed_forward_length`]: 512,
            [`${architecture}.attention.head_count`]: 8,
            [`${architecture}.attention.head_count_kv`]: 2,
            [`${architecture}.context_length`]: 2048,
            [`${architecture}.expert_count`]: 4,
            [`${architecture}.expert_used_count`]: 2,
          },
          tensors: [
            { name: "token_embd.weight", shape: [256, 1024], type },
            { name: "output_norm.weight", shape: [256], type: 0 },
            ...[0, 1].flatMap((layer) =>
              BLOCK.map(([name, shape]) => ({
                name: `blk.${layer}.${name}`,
                shape,
                type: shape.length === 1 ? 0 : type,
              }))
            ),
          ],
        });
        if (!built.ok) return built;
        const { buffers: _, ...rest } = built.value;
        return rest;
      },
    }))
  );
}
