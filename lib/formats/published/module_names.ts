import type { Tensor } from "../../models/tensors/tensor.ts";
import { templateOf } from "./module_entry.ts";

/** What a module is called in the releases of its model. */
export interface ModuleNaming {
  /** Paths with N for the number of the layer; experts' have no number. */
  readonly templates: readonly string[];
  /** The layer that a name has in itself; null where its stack has many. */
  readonly layer: number | null;
  /** Whole names of a layer's module, as releases spell them. */
  names(layer: number): readonly string[];
}

/** What experts' matrices are called where they are linear layers. */
const EXPERTS: Readonly<Record<string, readonly string[]>> = {
  gate_up: ["gate_up_proj", "gate_proj", "up_proj", "w1", "w3"],
  gate: ["gate_proj", "w1"],
  up: ["up_proj", "w3"],
  down: ["down_proj", "w2"],
};

const known = new WeakMap<Tensor, ModuleNaming>();

/** What a tensor's module is called. */
export function namingOf(tensor: Tensor): ModuleNaming {
  const before = known.get(tensor);
  if (before) return before;
  const paths = pathsOf(tensor);
  const placed = paths.map((path) => templateOf(path.split(".")));
  const naming: ModuleNaming = {
    templates: [...new Set(placed.map(({ template }) => template))],
    layer: tensor.layers === null ? placed[0]?.layer ?? null : null,
    names: (layer) => paths.flatMap((path) => spellings(path, layer)),
  };
  known.set(tensor, naming);
  return naming;
}

function pathsOf({ name, role, expert }: Tensor): string[] {
  const path = name.replace(/\.(weight|bias)$/, "");
  const names = expert ? EXPERTS[role] : undefined;
  const at = path.lastIndexOf(".");
  if (!names || at === -1) return [path];
  const place = path.slice(0, at);
  const places = place.endsWith(MIXTURE)
    ? [MIXTURE, ...RELEASED_MIXTURES].map((own) =>
      `${place.slice(0, -MIXTURE.length)}${own}`
    )
    : [place];
  return places.flatMap((each) => names.map((own) => `${each}.${own}`));
}

/** What a layer's experts are called since transformers 5, and in releases. */
const MIXTURE = "mlp.experts";
const RELEASED_MIXTURES = ["block_sparse_moe.experts", "ffn.experts"];

/** A path with its numbers, and with the wrappers of other releases. */
function spellings(path: string, layer: number): string[] {
  const own = path
    .replace(/(^|\.)N(?=\.|$)/, `$1${layer}`)
    .replace(/(^|\.)experts\.(?!\d)/, "$1experts.0.");
  const bare = own.replace(
    /^(model\.language_model\.|language_model\.model\.|model\.)/,
    "",
  );
  return [
    ...new Set([
      own,
      bare,
      `model.${bare}`,
      `model.language_model.${bare}`,
      `language_model.model.${bare}`,
      `language_model.${bare}`,
    ]),
  ];
}
