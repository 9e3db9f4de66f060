import {
  LORA,
  MAGNITUDE,
  SAVED_COPY,
  TABLE_LORA,
} from "../models/lora/names.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import { elementsOf } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { Parameter } from "../play/torch/values.ts";
import type {
  AdaptedLinear,
  Adapter,
} from "../play/torch/ops/adapted_linear.ts";
import type { EmbeddingAdapter } from "../play/torch/ops/embedding.ts";
import type { ParameterAdapter } from "../play/torch/ops/adapted_parameter.ts";
import type { NormKind } from "../models/families/code/layer.ts";
import type { Packed } from "../play/torch/ops/linear.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import type { AdapterCode } from "../software/model_code.ts";
import type { Storage, Stored } from "./storage.ts";

/** Makes the modules of a layer, or those outside of layers, from tensors. */
export class Modules {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #adapters: ReadonlyMap<string, Tensor>;
  readonly #storage: Storage;
  readonly #lora: Scenario["train"]["lora"];
  readonly #joins: AdapterCode;

  /**
   * @param tensors By the name inside the layer.
   * @param adapters LoRA's tensors by the same names, such as
   *   "mlp.up_proj.lora_A.default.weight".
   * @param joins How adapters join what they adapt.
   */
  constructor(
    tensors: ReadonlyMap<string, Tensor>,
    adapters: ReadonlyMap<string, Tensor>,
    storage: Storage,
    lora: Scenario["train"]["lora"],
    joins: AdapterCode,
  ) {
    this.#tensors = tensors;
    this.#adapters = adapters;
    this.#storage = storage;
    this.#lora = lora;
    this.#joins = joins;
  }

  /** The names of the tensors. */
  names(): IterableIterator<string> {
    return this.#tensors.keys();
  }

  /** The first tensor that a test takes. */
  find(test: (name: string, tensor: Tensor) => boolean): string | null {
    for (const [name, tensor] of this.#tensors) {
      if (test(name, tensor)) return name;
    }
    return null;
  }

  /** The path of the first module whose weight a test takes. */
  pathOf(test: (name: string, tensor: Tensor) => boolean): string | null {
    const name = this.find((each, tensor) =>
      each.endsWith(".weight") && test(each, tensor)
    );
    return name === null ? null : name.slice(0, -".weight".length);
  }

  tensor(name: string): Tensor | null {
    return this.#tensors.get(name) ?? null;
  }

  stored(name: string): Stored | null {
    const tensor = this.#tensors.get(name);
    return tensor ? this.#storage(tensor) : null;
  }

  /** The parameter of a name, or PEFT's copy of it that trains. */
  parameter(name: string | null): Parameter | null {
    if (name === null) return null;
    const copy = this.#adapters.get(`${name}${SAVED_COPY}`);
    return copy
      ? trained(name, copy, this.#storage(copy).dtype)
      : this.loaded(name);
  }

  /** Whether a copy of a parameter trains in its place. */
  isSaved(name: string): boolean {
    return this.#adapters.has(`${name}${SAVED_COPY}`);
  }

  /** The parameter of a name as it was loaded, beside any copy that trains. */
  loaded(name: string): Parameter | null {
    const tensor = this.#tensors.get(name);
    return tensor ? parameterOf(name, tensor, this.#storage(tensor)) : null;
  }

  /** The linear layer at a path; null where there is none. */
  linear(path: string | null): AdaptedLinear | null {
    if (path === null) return null;
    const tensor = this.#tensors.get(`${path}.weight`);
    if (!tensor) return null;
    const [first = 1, second = 1] = tensor.shape;
    const [out, width] = tensor.module === "conv1d"
      ? [second, first]
      : [first, second];
    const stored = this.#storage(tensor);
    return {
      name: path,
      in: width,
      out,
      weight: (this.#saves(path) ? null : packedOf(path, stored)) ??
        this.parameter(`${path}.weight`) ??
        parameterOf(`${path}.weight`, tensor, stored),
      bias: this.parameter(`${path}.bias`),
      adapter: this.adapterOf(path),
    };
  }

  /** Whether PEFT trains a copy of a module, which is never packed. */
  #saves(path: string): boolean {
    return this.#adapters.has(`${path}.weight${SAVED_COPY}`);
  }

  /** The copy of a tied head that PEFT trains; null where it has none. */
  savedHead(): AdaptedLinear | null {
    const tensor = this.#adapters.get(`lm_head.weight${SAVED_COPY}`);
    if (!tensor) return null;
    const [out = 1, width = 1] = tensor.shape;
    const { dtype } = this.#storage(tensor);
    return {
      name: "lm_head",
      in: width,
      out,
      weight: trained("lm_head.weight", tensor, dtype),
      bias: null,
      adapter: null,
    };
  }

  /** The norm at a path: one with a bias is a LayerNorm. */
  norm(path: string | null, kind: NormKind): Norm | null {
    if (path === null) return null;
    const weight = this.parameter(`${path}.weight`);
    if (!weight) return null;
    const bias = this.parameter(`${path}.bias`);
    return {
      kind: bias && kind !== "layer1p" ? "layer" : kind,
      weight,
      bias,
    };
  }

  /**
   * LoRA's matrices beside the layer at a path; null where it has none.
   *
   * @param copies Of how many layers they stand in one tensor, each an adapter of
   *   its own: the experts of transformers 4.
   */
  adapterOf(path: string, copies = 1): Adapter | null {
    const named = (piece: string) => this.#adapters.get(`${path}.${piece}`);
    const a = named(LORA.a);
    const b = named(LORA.b);
    if (!a || !b) return null;
    const magnitude = named(MAGNITUDE);
    const { rank, adapter_dtype: dtype, dropout } = this.#lora;
    const one = (name: string, tensor: Tensor): Parameter => {
      const whole = trained(`${path} ${name}`, tensor, dtype);
      return copies === 1 ? whole : {
        ...whole,
        shape: tensor.shape.slice(1),
        elements: whole.elements / copies,
      };
    };
    return {
      rank,
      dropout,
      join: this.#joins.linear,
      a: one("A", a),
      b: one("B", b),
      magnitude: magnitude ? one("magnitude", magnitude) : null,
    };
  }

  /** LoRA's matrices beside the table at a path; null where it has none. */
  embeddingAdapter(path: string): EmbeddingAdapter | null {
    const a = this.#adapters.get(`${path}.${TABLE_LORA.a}`);
    const b = this.#adapters.get(`${path}.${TABLE_LORA.b}`);
    if (!a || !b) return null;
    const { rank, adapter_dtype: dtype } = this.#lora;
    return {
      rank,
      a: trained(`${path} A`, a, dtype),
      b: trained(`${path} B`, b, dtype),
      join: this.#joins.rows,
    };
  }

  /** LoRA's matrices of a bare parameter; null where it has none. */
  parameterAdapter(
    name: string,
    isTransposed: boolean,
  ): ParameterAdapter | null {
    const a = this.#adapters.get(`${name}.${LORA.a}`);
    const b = this.#adapters.get(`${name}.${LORA.b}`);
    const shape = this.#tensors.get(name)?.shape;
    if (!a || !b || !shape) return null;
    const { rank, alpha, adapter_dtype: dtype } = this.#lora;
    return {
      a: trained(`${name} A`, a, dtype),
      b: trained(`${name} B`, b, dtype),
      matrices: shape.length === 3 ? shape[0] ?? 1 : 1,
      isTransposed,
      isUnscaled: alpha === rank,
      join: this.#joins.parameter,
    };
  }
}

/** A packed weight, held as bytes; null of one that is not packed. */
function packedOf(path: string, { packed, pieces }: Stored): Packed | null {
  const [bytes = 0] = pieces;
  return packed && {
    ...packed,
    held: {
      name: `${path}.weight`,
      shape: [bytes],
      elements: bytes,
      dtype: "uint8",
      trains: false,
    },
  };
}

function parameterOf(
  name: string,
  tensor: Tensor,
  { dtype, trains }: Stored,
): Parameter {
  return {
    name,
    shape: tensor.shape,
    elements: elementsOf(tensor),
    dtype,
    trains,
  };
}

function trained(name: string, tensor: Tensor, dtype: Dtype): Parameter {
  return {
    name,
    shape: tensor.shape,
    elements: elementsOf(tensor),
    dtype,
    trains: true,
  };
}
