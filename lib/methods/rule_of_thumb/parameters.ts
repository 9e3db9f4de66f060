import type { Architecture } from "../../models/architecture.ts";

/**
 * Parameters by the dimensions alone, as the first release of the program counts
 * them: two matrices of the vocabulary, four square projections, an MLP of two
 * matrices, two norms a layer and one at the end. Tied embeddings, biases,
 * grouped heads, gates and experts are no part of it.
 *
 * Its document prints 404,966,400 for DialoGPT-medium, which has 354,823,168.
 */
export function parametersByDimensions(
  { layers, hidden_size: h, intermediate_size: i, vocab_size }: Architecture,
): number {
  const layer = 4 * h * h + 2 * h * i + 2 * h;
  return 2 * vocab_size * h + layers * layer + h;
}
