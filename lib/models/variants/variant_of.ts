import type { CatalogueEntry } from "../catalogue.ts";
import { findModel } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { MIRRORS } from "../names/mirrors.ts";
import { ENDINGS } from "./endings.ts";

/**
 * What ends the names of models whose tensors are another's in size and type: freed
 * of refusals, trained for fewer bits and not yet in them, 16 bits in ollama's library.
 */
const COPIED =
  /(?:-abliterated(?:-v\d(?:\.\d+)?)?|-qat-q4_0-unquantized|(?<=:.*)-fp16)$/i;

/** A published variant of a model that is in the catalogue. */
export interface ModelVariant {
  readonly base: CatalogueEntry;
  /** The end of its name, as it is written; null where it is a plain copy. */
  readonly ending: string | null;
  /** Its config: its model's, with the usual settings of that ending. */
  readonly config: Config;
}

/**
 * The model whose variant a name is, by how publishers end the names of quantised
 * checkpoints, or by who uploads others' models again.
 *
 * @returns Null where the name has no such ending and no such owner, or the
 *   catalogue has no model of the rest of it.
 */
export function variantOf(name: string): ModelVariant | null {
  const plain = name.trim().replace(/^(?:hf\.co|huggingface\.co)\//i, "")
    .replace(/\.gguf$/i, "");
  const slash = plain.indexOf("/");
  const owner = plain.slice(0, Math.max(0, slash)).toLowerCase();
  const own = plain.slice(slash + 1);
  for (const { pattern, owners, layout } of ENDINGS) {
    const found = pattern.exec(own.toLowerCase());
    if (!found || (owners && !owners.has(owner))) continue;
    const base = baseOf(owner, own.slice(0, found.index));
    if (base === null) continue;
    const said = found.slice(1).filter((text) => text !== undefined);
    // What is released in fewer bits already stays as it is in a GGUF file.
    const released = base.config["quantization_config"];
    const usual = layout(said);
    return {
      base,
      ending: own.slice(found.index),
      config: {
        ...base.config,
        quantization_config: usual["quant_method"] === "gguf" &&
            isMxfp4(released)
          ? released
          : usual,
      },
    };
  }
  const copied = MIRRORS.has(owner) || COPIED.test(own)
    ? baseOf(owner, own)
    : null;
  return copied && { base: copied, ending: null, config: copied.config };
}

function isMxfp4(settings: unknown): boolean {
  return typeof settings === "object" && settings !== null &&
    "quant_method" in settings && settings.quant_method === "mxfp4";
}

/** The catalogue's model of a name, as others write it too. */
function baseOf(owner: string, name: string): CatalogueEntry | null {
  const bare = name.replace(/^meta-(?=llama)/i, "");
  const names = [
    `${owner}/${name}`,
    name,
    bare,
    `Meta-${bare}`,
    `${bare}-hf`,
    // As some keep the owner in the names of their copies.
    ...(MIRRORS.has(owner) ? [name.replace("_", "/")] : []),
  ];
  for (const each of names) {
    const found = each === "" ? null : findModel(each);
    if (found) return found;
  }
  const rest = name.replace(COPIED, "");
  return rest === name ? null : baseOf(owner, rest);
}
