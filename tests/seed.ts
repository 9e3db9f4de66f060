/**
 * What random cases are drawn by: a run of the tests says of the same code what
 * the run before it said. `FUZZ_SEED` draws others.
 */
export const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 20_261_129);
