/**
 * How a size is computed: a number, a field's path, or an operation. A path that ends
 * with ".@" is the layer's own value of a list.
 */
export type Formula = number | string | readonly [string, ...Formula[]];

/**
 * Which layers of a stack have a tensor: all, those that a list names or where it
 * holds one of some values or does first, a rule over a number, or two of those together.
 */
export type LayerRule =
  | readonly ["all"]
  | readonly ["only", readonly number[]]
  | readonly ["in" | "first", string, readonly unknown[]]
  | readonly ["named" | "unnamed", string]
  | readonly ["both" | "either", LayerRule, LayerRule]
  | readonly [CountRule, string | number];

/** A rule over one number of a config. */
export type CountRule =
  | "from"
  | "until"
  | "every"
  | "notevery"
  | "each"
  | "noteach"
  | "second"
  | "notsecond"
  | "last"
  | "notlast"
  | "spread";

/** How two numbers of a config may stand to each other. */
export type NumberRelation = "==" | "!=" | ">" | "<=";

/**
 * Where a tensor is there: a field, and what it says (a number means "not 0", null
 * the opposite); a field that is a word or is not; two numbers compared.
 */
export type Condition =
  | readonly [path: string, value: unknown]
  | readonly [path: string, how: "is" | "isnt", word: string]
  | readonly [path: string, how: NumberRelation, other: string | number];

/**
 * A tensor of a class: its name has N for the layer, and M where each layer has a
 * list of its own.
 */
export type RecipeTensor = readonly [
  name: string,
  shape: readonly Formula[],
  module: string,
  layers: LayerRule | null,
  conditions: readonly Condition[],
];

/** What another class of the type has otherwise. */
export interface ClassDifference {
  /** Where its body stands in the recipe, and where in that class. */
  readonly from: string;
  readonly to: string;
  /** Names that it is without, and tensors that it has besides. */
  readonly drop: readonly string[];
  readonly add: readonly RecipeTensor[];
  /** Stacks that are its own. */
  readonly stacks: Readonly<Record<string, Formula>>;
  /** Whether some of the configs that were tried came out otherwise. */
  readonly partly?: boolean;
}

/** All tensors of one class of transformers by the fields of its config. */
export interface Recipe {
  readonly class: string;
  /** The `model_type` of inner configs by their paths. */
  readonly types: Readonly<Record<string, string>>;
  /** What the class says where a config is silent. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What the class of a config inside it says, where that config is given in part. */
  readonly inside: Readonly<Record<string, unknown>>;
  /** What the class computes there of other fields. */
  readonly derived: Readonly<Record<string, Formula>>;
  /** Those of them that it computes whatever a config says of them. */
  readonly computed: readonly string[];
  /** Other names of fields. */
  readonly aliases: Readonly<Record<string, string>>;
  /** How many layers each stack has. */
  readonly stacks: Readonly<Record<string, Formula>>;
  readonly tensors: readonly RecipeTensor[];
  /** Whether some of the configs that were tried came out otherwise. */
  readonly partly?: boolean;
  /**
   * Configs inside it of parts whose tensors follow no rule that was found: what the
   * class says of them, for which alone they are known.
   */
  readonly usual?: Readonly<Record<string, unknown>>;
  /** Other classes by their names. */
  readonly classes: Readonly<Record<string, ClassDifference>>;
}
