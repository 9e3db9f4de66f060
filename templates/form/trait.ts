/** What the model in the form has, which decides what matters in it. */
export type Trait = "vision" | "experts";
