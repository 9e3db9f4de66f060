import type { Mesh } from "../../parallel/mesh.ts";
import { besideBuffer } from "../../plan/beside.ts";
import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import { span } from "../../plan/megatron/plan.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { LayerPart, MatrixPart } from "../../software/megatron/shares.ts";
import { tokensOf } from "../../software/megatron/shares.ts";

/**
 * What the first forward pass makes and keeps: angles of all positions, of each
 * layer where it has its own; the buffer that whole hidden states are gathered
 * into; what stands for an expert's gradient that a kernel added elsewhere.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/models/common/embeddings/rotary_pos_embedding.py,
 * RotaryEmbedding.forward; megatron/core/utils.py, GlobalMemoryBuffer; Transformer
 * Engine transformer_engine/pytorch/module/base.py, get_dummy_wgrad
 */
export function keptBuffers(plan: MegatronPlan, { cp }: Mesh): Buffer[] {
  const { chunks, shares, dtype } = plan;
  const layers = layersOf(plan);
  const [one] = layers;
  const tables = one && "kvDown" in one.attention
    ? layers.length
    : chunks.length;
  const angles = (one?.attention.turned ?? 0) * shares.sequence * cp;
  const experts = layers.map(({ mlp }) => mlp).find((mlp) => "router" in mlp);
  const dummies = experts?.fusesGradients && experts.fc1.weight.trains
    ? [experts.fc1, experts.fc2]
    : [];
  return [
    ...Array.from(
      { length: tables },
      () => besideBuffer("buffers", "rotary angles", DTYPE_BYTES.fp32 * angles),
    ),
    gatheredBuffer(plan),
    ...dummies.map(({ in: width, out }) =>
      besideBuffer(
        "gradients",
        "stand-in for an expert's gradient",
        width * out * DTYPE_BYTES[dtype],
      )
    ),
  ].filter(({ bytes }) => bytes > 0);
}

/** What whole hidden states are gathered into, where ranks share the tokens. */
export function gatheredBuffer(plan: MegatronPlan): Buffer {
  const { shares, hidden, dtype, head } = plan;
  const width = head.next?.projection.in ?? hidden;
  // What a frozen matrix reads is gathered into a tensor of its own.
  const trains = [...layersOf(plan).flatMap(columnsOf), head.head].some((
    { weight },
  ) => weight.trains);
  return besideBuffer(
    "communication buffers",
    "gathered hidden states",
    shares.splitsTokens && trains
      ? tokensOf(shares) * width * DTYPE_BYTES[dtype]
      : 0,
  );
}

function layersOf(
  { chunks, kindOf, layerOf, head }: MegatronPlan,
): LayerPart[] {
  return [
    ...chunks.flatMap(({ layers: own }) =>
      span(own).map((layer) => layerOf(kindOf(layer)))
    ),
    ...(head.next ? [head.next.layer] : []),
  ];
}

/** Matrices of a layer whose input is gathered where ranks share tokens. */
function columnsOf({ attention, mlp }: LayerPart): MatrixPart[] {
  const heads = "qkv" in attention ? [attention.qkv] : [attention.kvDown];
  const second = "router" in mlp ? mlp.shared : mlp;
  return second ? [...heads, second.fc1] : heads;
}
