/** What the figures of an engine that serves mean, in a sentence each. */
const WORDS: Record<string, string> = {
  "Weights":
    "What the model's weights take on the GPU, as the engine lays them out.",
  "Pool for the cache":
    "What the engine takes for keys and values when it starts: its share of the GPU less all else.",
  "Cache of the sequences asked for":
    "Keys and values of as many sequences, as long as you asked for.",
  "Compute at the peak":
    "What a pass over the largest batch of tokens takes beside the weights.",
  "CUDA graphs":
    "Recorded runs of the model for each size of batch, with the memory that they hold.",
  "Outside of the engine":
    "What the process holds on the GPU that its share does not count.",
  "Free": "What nobody takes.",
  "Tokens that the pool holds":
    "Tokens of all sequences together that fit in the pool at once.",
  "Tokens in the cache": "Tokens of all sequences together.",
  "Sequences of this length at once":
    "How many sequences as long as you asked for run together; others wait.",
  "Longest sequence":
    "The longest that the engine admits: the model's, or what you set.",
  "Sequences of that length at once":
    "How many sequences of the longest length fit together.",
  "Cache of one more token": "What one more token of a sequence takes.",
  "Windows and states of one sequence":
    "What a sequence takes however long it is: sliding windows and states.",
};

const KNOWN: ReadonlyMap<string, string> = new Map(Object.entries(WORDS));

/** Every figure that has a sentence, with it. */
export const WORDED_FIGURES: readonly (readonly [
  name: string,
  words: string,
])[] = [...KNOWN];

/** What a figure means; null where nobody wrote it. */
export function figureWords(name: string): string | null {
  return KNOWN.get(name) ?? null;
}

/** The id of a figure in the documentation. */
export function figureId(name: string): string {
  return `figure-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}
