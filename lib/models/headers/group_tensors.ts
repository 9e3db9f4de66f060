import type { ModuleKind, Role, Tensor } from "../tensors/tensor.ts";
import type { LogicalTensor, StoredHere } from "./header_tensor.ts";
import { placeNames } from "./layer_names.ts";
import { rangesOf } from "./layer_ranges.ts";
import { MAX_KINDS } from "../tensors/limits.ts";
import { pieceOfName } from "./piece_of_name.ts";
import { roleOfName } from "./role_of_name.ts";
import { TooManyKinds } from "./too_many_kinds.ts";

/** Tensors that differ in the number of their layer or expert only. */
interface Stack {
  name: string;
  sample: LogicalTensor;
  /** How many experts each layer has one by one; null keys stand alone. */
  layers: Map<number | null, number>;
  /** How each layer stores all of them. */
  stored: Map<number | null, StoredHere>;
  experts: boolean;
}

/** Roles whose outputs tensor parallelism splits, and whose inputs. */
const COLUMNS = new Set<Role>(["q", "k", "v", "qkv", "gate", "up", "gate_up"]);
const ROWS = new Set<Role>(["o", "down"]);
const VOCABULARY = new Set<Role>(["embedding", "head"]);

/** Experts in one tensor; shared ones are used by every token. */
const STACKED_EXPERTS =
  /(^|\.)((local|routed)_)?experts[._]|_exps\.|\.moe\.(gate|up|down)_proj\./;
/** Projections into a small rank, which every GPU needs whole. */
const LOW_RANK = /(q|kv)_a(_proj|_mqa)/;
/** Parts of attention that are split by heads. */
const BY_HEADS = /(kv_b(_proj)?|sinks)(\.weight)?$/;
/** Parts of a state-space layer that read what it has split. */
const SSM_OUT = /(out_proj|x_proj|ssm_out|ssm_x)\.weight$/;
/** Names of linear layers that say nothing but their order. */
const NUMBERED = /(fc|linear_|mlp\.|proj\.)\d*\.(weight|bias)$/;

/**
 * Makes one tensor of those that a stack's layers have alike. Experts that are
 * stored one by one become one tensor [experts, …], as transformers 5 has them.
 *
 * @param tensors As the model has them, in the order of the checkpoint.
 * @throws {TooManyKinds} When they are of more kinds than any model has.
 */
export function groupTensors(tensors: readonly LogicalTensor[]): Tensor[] {
  const places = placeNames(tensors.map(({ name }) => name));
  const stacks: Stack[] = [];
  const byName = new Map<string, Map<string, Stack>>();
  for (const [at, sample] of tensors.entries()) {
    const { name = sample.name, layer = null, expert = null } = places[at] ??
      {};
    const byShape = byName.get(name) ?? new Map<string, Stack>();
    byName.set(name, byShape);
    const key = `${sample.shape} ${expert !== null}`;
    let stack = byShape.get(key);
    if (stack === undefined) {
      stack = {
        name,
        sample,
        layers: new Map(),
        stored: new Map(),
        experts: expert !== null,
      };
      byShape.set(key, stack);
      if (stacks.push(stack) > MAX_KINDS) {
        throw new TooManyKinds("by name and shape");
      }
    }
    stack.layers.set(layer, (stack.layers.get(layer) ?? 0) + 1);
    if (sample.stored) {
      const before = stack.stored.get(layer)?.bytes ?? 0;
      const { dtype, bytes } = sample.stored;
      stack.stored.set(layer, { dtype, bytes: before + bytes });
    }
  }
  const isConv1d = hasConv1d(tensors);
  return stacks.flatMap((stack) => tensorsOf(stack, isConv1d));
}

/** One tensor a number of experts; without experts that is one. */
function tensorsOf(stack: Stack, isConv1d: boolean): Tensor[] {
  const byExperts = Map.groupBy(stack.layers, ([, experts]) => experts);
  return [...byExperts].flatMap(([experts, entries]) => {
    const places = entries.map(([layer]) => layer);
    const layers = places.filter((layer) => layer !== null);
    const shape = stack.experts
      ? [experts, ...stack.sample.shape]
      : stack.sample.shape;
    const tensor = tensorOf(stack, shape, isConv1d);
    return [
      ...(places.includes(null)
        ? [{ ...tensor, layers: null, ...storedOf(stack, [null]) }]
        : []),
      ...(layers.length > 0
        ? [{
          ...tensor,
          layers: rangesOf(layers),
          ...storedOf(stack, layers),
        }]
        : []),
    ];
  });
}

/** How layers of a stack store it, those alike together. */
function storedOf(
  { stored }: Stack,
  layers: readonly (number | null)[],
): Pick<Tensor, "stored"> {
  const alike = Map.groupBy(layers, (layer) => {
    const here = stored.get(layer);
    return here ? `${here.dtype} ${here.bytes}` : "";
  });
  const parts = [...alike.values()].flatMap((members) => {
    const [first = null] = members;
    const here = stored.get(first);
    const numbers = members.filter((layer) => layer !== null);
    return here
      ? [{ ...here, layers: first === null ? null : rangesOf(numbers) }]
      : [];
  });
  return parts.length === 0 ? {} : { stored: parts };
}

function tensorOf(
  { name, sample, experts }: Stack,
  shape: readonly number[],
  isConv1d: boolean,
): Tensor {
  const guessed = roleOfName(name);
  const piece = pieceOfName(name, guessed);
  const isConnection = guessed === "other" || NUMBERED.test(name);
  const role = piece === "projector" && isConnection ? "projector" : guessed;
  const module = moduleOf(name, { role, shape, isConv1d });
  const reversed = sample.transposed === true || module === "conv1d";
  return {
    name,
    shape,
    role,
    piece,
    module,
    layers: null,
    split: splitOf(name, role, { shape, reversed }),
    expert: experts || STACKED_EXPERTS.test(name),
    quantized: sample.packed ||
      ((module === "linear" || module === "conv1d") && role !== "head" &&
        shape.length === 2),
    dtype: null,
  };
}

function moduleOf(
  name: string,
  { role, shape, isConv1d }: {
    role: Role;
    shape: readonly number[];
    isConv1d: boolean;
  },
): ModuleKind {
  if (role === "norm") return "norm";
  if (role === "conv" || shape.length > 3) return "conv";
  if (role === "embedding" || role === "position") return "embedding";
  if (/embeddings?\.weight$/.test(name)) return "embedding";
  if (role === "router" && !isBias(name)) return "parameter";
  if (!/\.(weight|bias)$/.test(name) || shape.length > 2) return "parameter";
  return isConv1d && /\.c_(attn|proj|fc)\./.test(name) ? "conv1d" : "linear";
}

function splitOf(
  name: string,
  role: Role,
  { shape, reversed }: { shape: readonly number[]; reversed: boolean },
): number | null {
  const last = shape.length - 1;
  const bias = isBias(name);
  if (LOW_RANK.test(name)) return null;
  if (VOCABULARY.has(role) || BY_HEADS.test(name)) return 0;
  if (role === "ssm") return SSM_OUT.test(name) ? last : 0;
  if (COLUMNS.has(role)) {
    return bias || reversed ? last : Math.max(0, last - 1);
  }
  if (ROWS.has(role) && !bias) {
    return reversed ? Math.max(0, last - 1) : last;
  }
  return null;
}

function isBias(name: string): boolean {
  return /[._]bias$/.test(name);
}

/** Whether the linear layers are GPT-2's, [inputs, outputs]. */
function hasConv1d(tensors: readonly LogicalTensor[]): boolean {
  return tensors.some(({ name, shape: [inputs = 0, outputs = 0] }) =>
    name.endsWith(".c_attn.weight") && inputs > 0 && outputs === 3 * inputs
  );
}
