import type { Part } from "../../answer/estimate.ts";
import type { SettingValue } from "../../answer/serving.ts";
import { leastSure } from "../../formats/least_sure.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Served, ServedFit, ServingGpu } from "../engine.ts";
import type { Deployment, LoadedModel } from "./deployment.ts";
import { deploy } from "./deployment.ts";
import type { DeviceShares } from "./devices.ts";
import { sharesOf } from "./devices.ts";
import { draftSettings, withDraft } from "./draft.ts";
import type { ServingMachine } from "./machine.ts";
import { kernelPoolBytes, machineOf } from "./machine.ts";
import { cellBytes, stateBytes } from "./memory.ts";
import { cacheRefusal } from "./refusals.ts";
import { llamaAssumptions, llamaWarnings } from "./remarks.ts";
import { CacheRoom } from "./room.ts";
import type { LlamaSettings } from "./settings.ts";
import { sequenceTokens } from "./settings.ts";
import { sure } from "./ggml/sure.ts";

const SOURCE = "ggml-org/llama.cpp v0.5.0";

/** What llama.cpp makes of a model, and of one that drafts for it. */
export function answerOf(
  loaded: LoadedModel,
  asked: LlamaSettings,
  draft: LoadedModel | null,
): Served {
  const settings = draft ? withDraft(asked) : asked;
  const { question, gguf } = loaded;
  const { scenario } = question;
  const pool = kernelPoolBytes(gguf, settings.n_ubatch);
  const machine = machineOf(scenario, question.gpus, pool);
  const place = (on: ServingMachine) => {
    const deployments = [deploy(loaded, settings, on.free)];
    if (draft) {
      deployments.push(deploy(draft, draftSettings(settings), on.free));
    }
    return deployments;
  };
  const deployments = place(machine);
  const [own] = deployments as [Deployment, ...Deployment[]];
  const shares = sharesOf(deployments, machine);
  const refusal = cacheRefusal(settings, own.memory, own.isLatent) ??
    shares.refusal;
  const room = new CacheRoom(loaded, withDrafted(machine, deployments), own);
  const isUnlike = new Set(question.gpus.map(({ usable }) => usable)).size > 1;
  return {
    ...figuresOf(loaded, deployments, {
      machine,
      shares,
      refusal,
      room,
    }),
    fitOn: fitting({
      needed: () =>
        isUnlike
          ? sharesOf(
            place(machineOf(scenario, [sure(question.gpus[0])], pool)),
            machine,
          )
          : shares,
      isPossible: cacheRefusal(settings, own.memory, own.isLatent) === null,
      outsideOn: (gpu) => sure(machineOf(scenario, [gpu], pool).outside[0]),
      gpus: machine.gpus.length,
    }),
    sequencesOf: (tokens) => room.sequencesOf(tokens),
    assumptions: llamaAssumptions(loaded, own, machine),
    warnings: llamaWarnings(loaded, own),
  };
}

/** A machine on which a draft is loaded already. */
function withDrafted(
  machine: ServingMachine,
  [, ...drafts]: readonly Deployment[],
): ServingMachine {
  return drafts.length === 0 ? machine : {
    ...machine,
    outside: machine.outside.map((bytes, at) =>
      drafts.reduce(
        (sum, { weights, caches, compute }) =>
          sum + sure(weights[at]) + sure(caches.kv[at]) +
          sure(caches.states[at]) +
          sure(compute[at]),
        bytes,
      )
    ),
  };
}

/** Whether a machine of other GPUs holds the same. */
function fitting({ needed, isPossible, outsideOn, gpus }: {
  readonly needed: () => DeviceShares;
  readonly isPossible: boolean;
  readonly outsideOn: (gpu: ServingGpu) => number;
  readonly gpus: number;
}): (gpu: ServingGpu) => ServedFit {
  let most: number | null = null;
  return (gpu) => {
    most ??= Math.max(
      ...needed().devices.slice(0, gpus).map((row) =>
        row.weights_bytes + row.kv_bytes + row.state_bytes + row.compute_bytes
      ),
    );
    const headroom = gpu.usable - outsideOn(gpu) - most;
    return { fits: isPossible && headroom >= 0, headroom };
  };
}

function figuresOf(
  { question: { scenario, model }, gguf }: LoadedModel,
  deployments: readonly Deployment[],
  { machine, shares: { devices, fullest }, refusal, room }: {
    readonly machine: ServingMachine;
    readonly shares: DeviceShares;
    readonly refusal: string | null;
    readonly room: CacheRoom;
  },
): Pick<
  Served,
  | "serving"
  | "kv"
  | "phases"
  | "binding"
  | "parts"
  | "reserved"
  | "device"
  | "host"
> {
  const [own] = deployments as [Deployment, ...Deployment[]];
  const { settings, memory, isLatent } = own;
  const row = sure(devices[fullest]);
  const kept = row.kv_bytes + row.state_bytes;
  const allocated = row.weights_bytes + kept + row.compute_bytes;
  const length = sequenceTokens({ serve: scenario.serve });
  const here = memory.layers.filter((layer) => layer.memory === fullest);
  const isAsked =
    (scenario.serve.cache_tokens ?? scenario.serve.max_model_len) !== null;
  const longest = isAsked
    ? settings.n_ctx_seq
    : model.architecture.max_position_embeddings;
  const tokens = refusal === null ? room.tokens() : 0;
  return {
    serving: {
      engine: "llama.cpp",
      starts: refusal === null,
      refusal,
      weights_bytes: row.weights_bytes,
      compute_bytes: row.compute_bytes,
      graph_bytes: 0,
      outside_bytes: sure(machine.outside[fullest]),
      kv_pool_bytes: kept,
      kv_tokens: settings.n_ctx,
      max_model_len: longest,
      max_concurrency: longest === null || longest === 0
        ? null
        : (isAsked ? settings.n_ctx : tokens) / longest,
      devices: [...devices],
      settings: printed(own),
    },
    kv: {
      bytes_per_token: Math.round(here.reduce(
        (sum, layer) =>
          layer.cache && !layer.cache.isWindow
            ? sum + cellBytes(layer, settings, isLatent)
            : sum,
        0,
      )),
      fixed_bytes_per_sequence: Math.round(here.reduce(
        (sum, layer) =>
          sum + (layer.states ? stateBytes(layer.states) : 0) +
          (layer.cache?.isWindow
            ? layer.cache.cells * cellBytes(layer, settings, isLatent)
            : 0),
        0,
      )),
      bytes: kept,
      max_tokens: tokens,
      max_sequences: refusal === null ? room.sequencesOf(length) : 0,
    },
    phases: [
      { name: "load", peak_bytes: row.weights_bytes },
      { name: "prefill", peak_bytes: allocated },
      { name: "decode", peak_bytes: allocated },
    ],
    binding: "prefill",
    parts: partsOf(row, own, leastSure("derived", gguf.basis)),
    reserved: null,
    device: row.total_bytes,
    host: sure(devices[devices.length - 1]).total_bytes,
  };
}

function partsOf(
  row: {
    readonly weights_bytes: number;
    readonly kv_bytes: number;
    readonly state_bytes: number;
    readonly compute_bytes: number;
  },
  { settings, isKnown }: Deployment,
  counted: Part["basis"],
): Part[] {
  const of = (
    name: string,
    bytes: number,
    formula: string,
    basis: Part["basis"],
  ): Part => ({ name, bytes, formula, basis, source: SOURCE });
  const { key, value, n_ctx, n_seq_max, n_ubatch, n_outputs_max } = settings;
  return [
    of(
      "weights",
      row.weights_bytes,
      "tensors of the GGUF file on this GPU, each rounded to 128 bytes",
      counted,
    ),
    of(
      "KV cache",
      row.kv_bytes,
      `${
        groupDigits(n_ctx)
      } cells of keys in ${key.name} and values in ${value.name}, windows for themselves`,
      "derived",
    ),
    of(
      "states",
      row.state_bytes,
      `states in f32 of ${n_seq_max} slots`,
      "derived",
    ),
    of(
      "compute buffer",
      row.compute_bytes,
      `ggml's allocator over the graph of ${n_ubatch} tokens with ${n_outputs_max} rows of logits at most`,
      isKnown ? "derived" : "assumed",
    ),
  ].filter(({ bytes }) => bytes > 0);
}

function printed(
  { settings, isFlash, placement }: Deployment,
): Record<string, SettingValue> {
  const layers = placement.layers.filter((at) => at !== placement.host).length;
  return {
    n_ctx: settings.n_ctx,
    n_ctx_seq: settings.n_ctx_seq,
    n_batch: settings.n_batch,
    n_ubatch: settings.n_ubatch,
    n_seq_max: settings.n_seq_max,
    n_outputs_max: settings.n_outputs_max,
    kv_unified: settings.kv_unified,
    flash_attn: isFlash,
    type_k: settings.key.name,
    type_v: settings.value.name,
    swa_full: settings.swa_full,
    n_gpu_layers: layers + (placement.output === placement.host ? 0 : 1),
    n_cpu_moe: settings.n_cpu_moe,
    offload_kqv: settings.offload_kqv,
    op_offload: settings.op_offload,
    split_mode: "layer",
  };
}
