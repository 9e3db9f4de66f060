import { z } from "zod";

const bytes = z.int().describe("bytes");
const some = bytes.nullable();

/** What every refusal is. */
const problem = { path: z.string(), message: z.string() };
export const refusalAnswer = z.object({
  error: z.object({
    ...problem,
    more: z.array(z.object(problem)).optional(),
  }),
});

const part = z.object({
  name: z.string(),
  bytes,
  formula: z.string(),
  basis: z.enum(["exact", "derived", "fitted", "assumed"]),
});

const rank = z.looseObject({
  rank: z.string(),
  gpus: z.int(),
  allocated_peak_bytes: bytes,
  reserved_peak_bytes: bytes,
  device_peak_bytes: bytes,
  binding: z.string(),
});

const memory = z.looseObject({
  allocated_peak_bytes: some.describe("torch.cuda.max_memory_allocated"),
  allocated_steady_bytes: some.describe("between steps"),
  reserved_peak_bytes: some.describe("torch.cuda.max_memory_reserved"),
  device_peak_bytes: bytes.describe("what nvidia-smi would show"),
  low_bytes: some.describe("of the band around device_peak_bytes"),
  high_bytes: some,
  binding: z.string().describe("the instant of the peak, in words"),
  parts: z.array(part).describe("what stands then; they sum to the peak"),
  phases: z.array(z.looseObject({ name: z.string(), peak_bytes: bytes }))
    .nullable(),
  ranks: z.array(rank).nullable(),
});

const fit = z.looseObject({
  gpu: z.string(),
  usable_bytes: bytes,
  fits: z.boolean(),
  headroom_bytes: bytes,
  utilization: z.number(),
});

/** An Estimate; more of it is there where it is asked for. */
export const estimateAnswer = z.looseObject({
  scenario: z.looseObject({ model: z.unknown() })
    .describe("with every default filled in"),
  method: z.string(),
  model: z.looseObject({
    name: z.string(),
    type: z.string(),
    source: z.enum(["catalogue", "config", "headers", "dims"]),
    parameters: z.int(),
    trainable_parameters: z.int(),
    active_parameters: z.int(),
  }),
  memory: memory.describe("per GPU, of the most loaded one"),
  kv: z.looseObject({
    bytes_per_token: bytes,
    bytes,
    max_tokens: z.int().nullable(),
    max_sequences: z.int().nullable(),
  }).optional().describe("when serving"),
  serve: z.looseObject({
    engine: z.string(),
    starts: z.boolean(),
    refusal: z.string().nullable(),
    kv_tokens: z.int().nullable(),
  }).optional().describe("when an engine serves"),
  host: z.looseObject({ peak_bytes: some }).describe("memory per node"),
  fit: z.array(fit).describe("the scenario's own GPU first"),
  assumptions: z.array(z.string()),
  warnings: z.array(z.string()),
});

/** The measured runs nearest to a scenario. */
export const evidenceAnswer = z.object({
  evidence: z.array(z.looseObject({
    model: z.string(),
    distance: z.number(),
    differences: z.array(z.string()),
    readings: z.array(z.looseObject({ measured_bytes: bytes })),
    source: z.object({ text: z.string(), url: z.string().nullable() }),
  })),
});

const set = z.record(z.string(), z.unknown())
  .describe("fields, by dotted path");

const advised = {
  changes: z.array(z.object({
    set,
    words: z.string(),
    peak_bytes: bytes,
    saves_bytes: bytes,
    fits: z.boolean(),
    price: z.string(),
  })),
  together: z.object({ set, peak_bytes: bytes, fits: z.boolean() }).nullable(),
  gpus_needed: z.int().nullable(),
  smallest_gpu: z.string().nullable(),
};

/** What would make a scenario fit. */
export const adviceAnswer = z.object({
  now: z.object({ peak_bytes: bytes, fits: z.boolean() }),
  ...advised,
});

/** Why memory ran short; null of what the text does not tell. */
export const explainAnswer = z.object({
  tool: z.string().describe("whose message it is"),
  message: z.string(),
  moment: z.string().nullable().describe("what ran, in words"),
  read: z.object({
    tried_bytes: some.describe("what was asked for"),
    capacity_bytes: some,
    free_bytes: some,
    allocated_bytes: some.describe("what tensors had"),
    reserved_bytes: some.describe("what PyTorch's allocator had taken"),
    process_bytes: some.describe("what the failing process had"),
    unallocated_bytes: some.describe("fragmentation: taken, and no tensor's"),
    gpu: z.int().nullable(),
    others: z.array(z.object({ name: z.string(), bytes })),
    room_tokens: z.int().nullable()
      .describe("the longest sequence that a cache has room for"),
  }),
  scenario: z.looseObject({ model: z.unknown() }).nullable()
    .describe("the run as it was understood"),
  filled: z.array(
    z.object({ path: z.string(), value: z.unknown(), from: z.string() }),
  ).describe("fields that the text told"),
  causes: z.array(
    z.object({ tensor: z.string(), bytes, at: z.string(), words: z.string() }),
  ).describe("tensors that have the size that was asked for"),
  words: z.string(),
  steps: z.array(z.string()).describe("what to do next"),
  estimated: z.object({ peak_bytes: bytes, fits: z.boolean() }).nullable(),
  ...advised,
});

/** The largest value of a field. */
export const largestAnswer = z.looseObject({
  field: z.string(),
  gpu: z.string(),
  usable_bytes: bytes,
  value: z.int().nullable().describe("null where not even the least fits"),
  device_peak_bytes: some,
  next: z.looseObject({ value: z.int(), device_peak_bytes: some }).nullable(),
  at_bound: z.boolean(),
});

/** Scenarios side by side. */
export const comparedAnswer = z.object({
  estimates: z.array(estimateAnswer),
  differences: z.array(
    z.object({ path: z.string(), values: z.array(z.unknown()) }),
  ),
});

/** Ways to lay a scenario out over GPUs. */
export const strategiesAnswer = z.object({
  rows: z.array(z.object({
    set,
    peak_bytes: some.describe("the tensors of the most loaded GPU"),
    fits: z.boolean().nullable(),
    smallest_gpu: z.string().nullable(),
    reason: z.string().nullable().describe("why it cannot be played"),
    replicas: z.int().optional().describe("when serving"),
    kv_tokens: z.int().nullable().optional()
      .describe("when serving: in all caches together"),
  })),
  next: z.int().nullable().describe("from where to ask for those left out"),
  left_out: z.int().describe("how many more there are, which were not played"),
});

/** What a configuration file became. */
export const importedAnswer = z.looseObject({
  formats: z.array(z.looseObject({ id: z.string(), title: z.string() })),
  scenario: z.record(z.string(), z.unknown()),
  understood: z.array(z.looseObject({ key: z.string(), path: z.string() })),
  ignored: z.array(z.looseObject({ key: z.string(), reason: z.string() })),
  assumed: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  missing: z.array(z.looseObject({
    kind: z.enum(["variable", "field", "file"]),
    name: z.string().describe("give it as given.NAME, a file as a file"),
    reason: z.string(),
    tries: z.array(z.int()).optional().describe("numbers of GPUs to ask for"),
  })).describe("what has to be given before there is an answer"),
  warnings: z.array(z.string()),
});

/** A scenario as another tool's configuration. */
export const exportedAnswer = z.looseObject({
  text: z.string(),
  notes: z.array(z.string()).describe("what it cannot say"),
  file: z.string(),
});

/** The catalogue of models. */
export const modelsAnswer = z.object({
  models: z.array(z.object({
    id: z.string(),
    type: z.string().nullable(),
    kinds: z.array(z.string()),
    parameters: z.int().nullable().describe("null where nobody counted them"),
    note: z.string().optional(),
  })),
});

/** The catalogue of GPUs. */
export const gpusAnswer = z.object({
  gpus: z.array(z.looseObject({
    name: z.string(),
    vendor: z.string(),
    class: z.string(),
    usable_bytes: bytes,
    basis: z.enum(["exact", "derived", "assumed"]),
  })),
});
