import type { Config } from "../../models/config.ts";
import type { WeightPacking } from "../weight_packing.ts";
import type { ModuleList } from "./module_list.ts";
import { ModuleList as List } from "./module_list.ts";
import type { PackingRule } from "./rules.ts";
import type { QuantizerSettings } from "./settings.ts";

/** How a config says that a checkpoint is packed. */
export interface PublishedPacking {
  /** In words: "AWQ, 4 bits, groups of 128". */
  readonly words: string;
  /** The first that takes a matrix decides; what none takes stays as it is. */
  readonly rules: readonly PackingRule[];
  /** What rules that name no module take: linear layers, or those of decoders' layers. */
  readonly reach: "linears" | "layers";
  /** Whether rules that name no module take an output head. */
  readonly packsHead: boolean;
  /** Whether tables of embeddings are packed as matrices are. */
  readonly packsTables: boolean;
  /** Whether what a model keeps in fp32 is stored in 16 bits as well. */
  readonly narrows: boolean;
  /** Scales of keys and values that stand beside each layer's projections. */
  readonly cacheScale:
    | { readonly bytes: number; readonly dtype: string }
    | null;
  readonly notes: readonly string[];
}

/**
 * Reads a quantiser's settings; what is wrong with them is added to their
 * problems.
 */
export type MethodReader = (
  settings: QuantizerSettings,
  config: Config,
) => PublishedPacking;

/** A packing of linear layers but the head, without notes. */
export function published(
  said: Pick<PublishedPacking, "words" | "rules"> & Partial<PublishedPacking>,
): PublishedPacking {
  return {
    reach: "linears",
    packsHead: false,
    packsTables: false,
    narrows: false,
    cacheScale: null,
    notes: [],
    ...said,
  };
}

/** A rule for the modules that names stand for. */
export function ruleFor(
  settings: QuantizerSettings,
  { names, key, ...how }: {
    readonly names: readonly string[];
    /** Where the names stand. */
    readonly key: string;
    /** Whether they are regular expressions. */
    readonly isPattern?: boolean;
    /** Whether they stand for modules alone, and not for what is under them. */
    readonly exact?: boolean;
  },
  packing: WeightPacking | null,
): PackingRule[] {
  if (names.length === 0) return [];
  const list = List.read(names, `${settings.path}.${key}`, how);
  if (!list.ok) {
    settings.problems.push(...list.problems);
    return [];
  }
  return [{ of: takenBy(list.value), packing, names: true }];
}

function takenBy(list: ModuleList): PackingRule["of"] {
  return (tensor) => list.of(tensor);
}

/** A rule that leaves what the list under a key names as it is. */
export function skipped(
  settings: QuantizerSettings,
  ...keys: readonly string[]
): PackingRule[] {
  return keys.flatMap((key) =>
    ruleFor(settings, { names: settings.list(key), key }, null)
  );
}

/** ", groups of 128": how many inputs share a scale, as a message goes on. */
export function ofGroups(group: number): string {
  return group === -1 ? ", a scale an output" : `, groups of ${group}`;
}

/** Scales of groups, or of outputs where a group is all inputs. */
export function inGroups(
  group: number,
): Pick<WeightPacking, "scales" | "group"> {
  return group === -1
    ? { scales: "channel", group: null }
    : { scales: "group", group };
}
