/**
 * Every optimizer that a Scenario can name, in the order of the form. Each has a
 * record in lib/optimizers/records.
 */
export const OPTIMIZERS = [
  "adamw",
  "adam",
  "nadam",
  "radam",
  "stable-adamw",
  "optimi-adamw",
  "adamax",
  "amsgrad",
  "adabelief",
  "adam-mini",
  "ademamix",
  "grokadamw",
  "prodigy",
  "sparse-adam",
  "schedule-free-adamw",
  "schedule-free-radam",
  "schedule-free-sgd",
  "lamb",
  "lion",
  "sophia",
  "adafactor",
  "came",
  "adagrad",
  "adadelta",
  "rmsprop",
  "sgd",
  "sgd-momentum",
  "nesterov",
  "asgd",
  "rprop",
  "muon",
  "shampoo",
  "soap",
  "galore",
  "galore-adafactor",
  "apollo",
  "apollo-mini",
  "lomo",
  "adalomo",
] as const;

/** One of them. */
export type OptimizerName = (typeof OPTIMIZERS)[number];
