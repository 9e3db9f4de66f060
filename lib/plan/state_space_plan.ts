import { gpuOf } from "../hardware/gpus.ts";
import type { Model } from "../models/model.ts";
import type { StateSpaceKind } from "../models/families/code/state_space.ts";
import { numberOf } from "../models/families/code/setting.ts";
import { codeOfType } from "../models/families/mod.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { StateSpacePlan } from "../play/layers/state_space_layer.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import { channelDeltaOf } from "./channel_delta_plan.ts";
import { shortConvolutionOf } from "./convolution_plan.ts";
import { deltaPlanOf } from "./delta_plan.ts";
import type { MixedBatch } from "./mixed_batch.ts";
import type { Modules } from "./modules.ts";
import type { Storage } from "./storage.ts";
import { innerConfig } from "./traits.ts";

/** Weights that a kernel reads in place of their modules. */
const PASSED_BY: Readonly<Record<StateSpaceKind, RegExp | null>> = {
  inner: /\.(x_proj|dt_proj|out_proj)\./,
  open: /\.dt_proj\./,
  headed: /\.out_proj\./,
  delta: null,
  "channel delta": null,
  convolution: null,
};

/** What the plan of a state space needs to know beside its tensors. */
export interface StateSpaceFacts {
  readonly kind: StateSpaceKind;
  /** Whether PyTorch's own operations run it, in place of packages' kernels... */
  readonly isPlain: boolean;
  /** ...because of a packed weight that the kernels would multiply by; else null. */
  readonly packed: string | null;
  /** Whether time steps, B and C are normed within the kernel. */
  readonly norms: boolean;
  readonly groups: number;
  readonly keyHeads: number;
  readonly chunk: number;
  readonly doublesBetas: boolean;
  /** Of the scenario's GPU. */
  readonly multiprocessors: number | null;
  /** The type of what its projection is multiplied by; null of most. */
  readonly multiplied: Dtype | null;
  readonly wideResidual: boolean;
  readonly castsLogits: boolean;
}

/** The facts of a model with state spaces; null of any other. */
export function stateSpaceFacts(
  { hardware, precision, software }: Scenario,
  { architecture: { type }, config: whole = {}, tensors }: Model,
  storage: Storage,
): StateSpaceFacts | null {
  const code = codeOfType(type).stateSpace;
  if (code === null) return null;
  const config = innerConfig(whole);
  const packed =
    tensors.find((tensor) =>
      isRead(code.kind, tensor) && storage(tensor).packed !== null
    )?.name.split(".").at(-2) ?? null;
  return {
    kind: code.kind,
    isPlain: software.mixer_kernels === "torch" ||
      (code.kind === "headed" && packed !== null),
    packed,
    norms: code.norms,
    groups: numberOf(config, code.groups),
    keyHeads: numberOf(config, code.keyHeads),
    chunk: numberOf(config, code.chunk),
    doublesBetas: code.doublesBetas &&
      config["linear_allow_neg_eigval"] !== false,
    multiprocessors: gpuOf(hardware.gpu)?.multiprocessors ?? null,
    multiplied: code.isMultiplied ? precision.weights : null,
    wideResidual: code.wideResidual && config["residual_in_fp32"] !== false,
    castsLogits: code.castsLogits,
  };
}

/**
 * Why a model's state spaces are not played: kernels multiply by weights that are
 * packed, or a scan that PyTorch runs token by token; null where they are.
 */
export function unfitStateSpaces(
  facts: StateSpaceFacts | null,
  { architecture: { type } }: Model,
): string | null {
  if (facts?.kind === "channel delta" && facts.isPlain) {
    return `delta attention of models of type ${type} is not played through without flash-linear-attention (software.mixer_kernels torch)`;
  }
  if (facts?.kind !== "inner" && facts?.kind !== "open") return null;
  if (facts.isPlain) {
    return `state spaces of models of type ${type} are not played through without mamba_ssm (software.mixer_kernels torch): their scan goes token by token`;
  }
  return facts.kind === "inner" && facts.packed !== null
    ? `quantised weights of models of type ${type} are not played through: their kernels multiply by ${facts.packed} themselves, which they cannot where it is packed`
    : null;
}

function isRead(kind: StateSpaceKind, { name, role }: Tensor): boolean {
  return role === "ssm" && PASSED_BY[kind]?.test(name) === true;
}

/** Whether the kernels pass an adapter by, so that it never gets a gradient. */
export function passesBy(
  facts: StateSpaceFacts | null,
  adapter: string,
  isPacked: boolean,
): boolean {
  return facts !== null && !facts.isPlain &&
    !(facts.kind === "open" && isPacked) &&
    /\.(mixer|mamba)\./.test(adapter) &&
    PASSED_BY[facts.kind]?.test(adapter) === true;
}

/** The state space of a layer; null where it has none. */
export function stateSpaceOf(
  modules: Modules,
  facts: StateSpaceFacts,
  mixed: MixedBatch,
): StateSpacePlan | null {
  switch (facts.kind) {
    case "delta":
      return deltaPlanOf(modules, facts, mixed);
    case "channel delta":
      return channelDeltaOf(modules, mixed);
    case "convolution":
      return shortConvolutionOf(modules, facts.isPlain, mixed);
    default:
      return scanOf(modules, facts, mixed);
  }
}

function scanOf(
  modules: Modules,
  facts: StateSpaceFacts,
  { batch, sequence, masked }: MixedBatch,
): StateSpacePlan | null {
  const found = modules.find((name) => /(^|\.)A_log$/.test(name));
  if (found === null) return null;
  const path = found.slice(0, -"A_log".length);
  const parameter = (name: string) => modules.parameter(`${path}${name}`);
  const linear = (name: string) => modules.linear(`${path}${name}`);
  const [aLog, d, conv] = ["A_log", "D", "conv1d.weight"].map(parameter);
  const [inProj, outProj] = [linear("in_proj"), linear("out_proj")];
  if (!aLog || !d || !conv || !inProj || !outProj) return null;
  const convBias = parameter("conv1d.bias");
  const shared = {
    rows: batch * sequence,
    inProj,
    aLog,
    masked: masked && batch > 1,
  };
  const out = parameter("out_proj.weight");
  if (facts.kind === "headed") {
    const dtBias = parameter("dt_bias");
    if (!dtBias || !out) return null;
    const heads = dtBias.elements;
    const inner = outProj.in;
    const [channels = 0] = conv.shape;
    const { groups, chunk, multiprocessors } = facts;
    return {
      ...shared,
      kind: "headed",
      multiplied: facts.multiplied,
      plainly: facts.isPlain ? outProj : null,
      scan: {
        batch,
        sequence,
        chunk,
        heads,
        width: inner / heads,
        groups,
        state: (channels - inner) / (2 * groups),
        multiprocessors,
      },
      weights: {
        conv,
        convBias,
        dtBias,
        d,
        norm: parameter("norm.weight"),
        out,
        outBias: outProj.bias,
      },
    };
  }
  const [xProj, dtProj] = [linear("x_proj"), linear("dt_proj")];
  const dtBias = parameter("dt_proj.bias");
  if (!xProj || !dtProj || !dtBias) return null;
  const [inner = 0, state = 0] = aLog.shape;
  const scan = { batch, sequence, inner, state, rank: dtProj.in };
  if (facts.kind === "inner") {
    const [x, dt] = ["x_proj.weight", "dt_proj.weight"].map(parameter);
    return x && dt && out
      ? {
        ...shared,
        kind: "inner",
        scan,
        weights: { conv, convBias, x, dt, out, outBias: outProj.bias },
        d,
        dtBias,
        norms: facts.norms,
      }
      : null;
  }
  const normOf = (name: string): Norm | null =>
    modules.norm(`${path}${name}`, "rms");
  const [dt, b, c] = ["dt_layernorm", "b_layernorm", "c_layernorm"].map(normOf);
  return dt && b && c
    ? {
      ...shared,
      kind: "open",
      scan,
      conv,
      convBias,
      xProj,
      dtProj,
      outProj,
      norms: { dt, b, c },
      d,
      dtBias,
    }
    : null;
}
