import type { Role } from "../tensors/tensor.ts";
import { MAX_KINDS } from "../tensors/limits.ts";
import { numbersOut } from "./numbers_out.ts";
import { roleOfName } from "./role_of_name.ts";
import { TooManyKinds } from "./too_many_kinds.ts";

/** What names that differ in their keys' numbers only have in common. */
export interface NameKind {
  /** The name with 0 for every key that is a number. */
  readonly plain: string;
  readonly role: Role;
  /** Whether a quantiser keeps it beside a weight. */
  readonly beside: boolean;
  /** An ending that is one beside a packed weight; null for none. */
  readonly besideEnding: string | null;
  /** Whether HQQ has such names for weights and biases. */
  readonly hqq: boolean;
  /** Whether old checkpoints stored it though it is computed. */
  readonly buffer: boolean;
  /** Whether it is the norm after the language model's last layer. */
  readonly lastNorm: boolean;
}

/** What quantisers keep beside a weight: scales, zeros, orders, states. */
const BESIDE = [
  /\.(qzeros|g_idx|SCB|weight_format)$/,
  /\.(weight|input|output)_scale(_inv|_2)?$|_scale_inv$|\.[kv]_scale$/,
  /\.(weight|input)_(global_scale|zero_point|shape|g_idx)$/,
  /\.(nested_)?(absmax|quant_map)$|\.quant_state\./,
];
/** What HQQ keeps of a layer that is no setting. */
const OF_HQQ = /\.(W_q|bias)$/;
/** Scales, but only beside a weight that is packed or narrow. */
const PERHAPS_BESIDE = /[._]scales?$|\.biases$/;
/** What old checkpoints stored though it is computed. */
const BUFFERS = [
  /rotary_emb\.inv_freq$|\.position_ids$/,
  /\.(attn|attention)\.(masked_)?bias$/,
  /\.(running_(mean|var)|num_batches_tracked)$/,
];
/** The norm after the last layer, wherever the language model is. */
const LAST_NORM =
  /^(\w*(model|transformer|backbone|neox)\.)*(ln_f|norm(_f)?|final\w*norm)\.weight$/;

/**
 * The kinds of names in one checkpoint: what a name tells is worked out once a
 * kind, not once a tensor.
 */
export class NameKinds {
  readonly #known = new Map<string, NameKind>();

  /** How many kinds there are so far. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * The kind of a name.
   *
   * @throws {TooManyKinds} When there are more kinds than any model has.
   */
  of(name: string): NameKind {
    const { plain } = numbersOut(name);
    return this.#known.get(plain) ?? this.#kindOf(plain);
  }

  #kindOf(plain: string): NameKind {
    if (this.#known.size === MAX_KINDS) {
      throw new TooManyKinds("numbers aside");
    }
    const kind = {
      plain,
      role: roleOfName(plain),
      beside: BESIDE.some((ending) => ending.test(plain)),
      besideEnding: PERHAPS_BESIDE.exec(plain)?.[0] ?? null,
      hqq: OF_HQQ.test(plain),
      buffer: BUFFERS.some((ending) => ending.test(plain)),
      lastNorm: LAST_NORM.test(plain),
    };
    this.#known.set(plain, kind);
    return kind;
  }
}
