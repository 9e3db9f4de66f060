/**
 * Every optimizer that a Scenario can name, in the order of the form. Each has a
 * record in lib/optimizers/records.
 */
export const OPTIMIZERS = [
  "adamw",
  "adam",
  "nadam",
  "radam",
  "adamax",
  "amsgrad",
  "adabelief",
  "adam-mini",
  "ademamix",
  "sparse-adam",
  "schedule-free-adamw",
  "schedule-free-sgd",
  "lamb",
  "lion",
  "sophia",
  "adafactor",
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
  "apollo",
  "apollo-mini",
  "lomo",
  "adalomo",
] as const;

/** One of them. */
export type OptimizerName = (typeof OPTIMIZERS)[number];
