import type { Norm } from "../../play/torch/ops/norms.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type {
  CutMatrix,
  LayerPart,
  MatrixPart,
} from "../../software/megatron/shares.ts";

/** All parameters of a layer's part, and how many alike there are. */
export function parametersOf(part: LayerPart): HeldParameter[] {
  const { attention, mlp } = part;
  const heads = "qkv" in attention
    ? [
      ...adapted(attention.qkv, attention.o),
      ...normParameters(attention.qNorm, attention.kNorm),
    ]
    : [
      ...("down" in attention.q
        ? [
          ...adapted(attention.q.down, attention.q.up),
          ...normParameters(attention.q.norm),
        ]
        : adapted(attention.q)),
      ...adapted(attention.kvDown, attention.kvUp, attention.o),
      ...normParameters(attention.kvNorm),
    ];
  const dense = "router" in mlp
    ? [
      mlp.router,
      ...(mlp.shared ? adapted(mlp.shared.fc1, mlp.shared.fc2) : []),
    ]
    : adapted(mlp.fc1, mlp.fc2);
  const own = [
    ...normParameters(part.attentionNorm, part.mlpNorm),
    ...heads,
    ...dense,
  ].map((parameter): HeldParameter => ({ parameter, expert: false, count: 1 }));
  if (!("router" in mlp)) return own;
  return [
    ...own,
    ...matrices(mlp.fc1, mlp.fc2).map((parameter) => ({
      parameter,
      expert: mlp.ep > 1,
      count: mlp.own,
    })),
    // One adapter for all of a rank's experts.
    ...adapters(mlp.fc1, mlp.fc2).map((parameter) => ({
      parameter,
      expert: mlp.ep > 1,
      count: 1,
    })),
  ];
}

/** A parameter that a rank holds. */
export interface HeldParameter {
  readonly parameter: Parameter;
  /** Whether it is shared with other ranks than those that share dense ones. */
  readonly expert: boolean;
  /** How many matrices its elements are dealt out to. */
  readonly count: number;
}

function matrices(...parts: readonly CutMatrix[]): Parameter[] {
  return parts.flatMap(({ weight, bias }) => bias ? [weight, bias] : [weight]);
}

/** Matrices and their adapters. */
function adapted(...parts: readonly MatrixPart[]): Parameter[] {
  return [...matrices(...parts), ...adapters(...parts)];
}

/** The matrices of adapters beside others. */
function adapters(...parts: readonly MatrixPart[]): Parameter[] {
  return parts.flatMap(({ adapters: each }) =>
    each.flatMap(({ a, b }) => matrices(a, b))
  );
}

function normParameters(...norms: readonly (Norm | null)[]): Parameter[] {
  return norms.flatMap((norm) =>
    norm ? [norm.weight, norm.bias].filter((each) => each !== null) : []
  );
}
