import { z } from "zod";
import { EXPORTS, FITS } from "../../lib/mod.ts";
import { MAX_DEVICES } from "../../lib/scenario/limits.ts";
import { BANDWIDTH_FIELDS } from "../../templates/traffic/bandwidth_fields.ts";
import { MAX_LINES } from "../batch_lines.ts";

const asked = (what: string) => z.boolean().default(false).describe(what);

/** Of which GPUs an estimate tells. */
export const fitOption = {
  fit: z.enum(FITS).default("own")
    .describe("own: the scenario's GPU alone; all: every GPU of the catalogue"),
};

/** What an estimate holds beside, by POST and by GET. */
export const estimateOptions = {
  traffic: asked("what each GPU sends in a step"),
  capacity: asked("when serving: how many users fit at which length"),
  curve: asked("the memory's course through a step"),
  opinions: asked("what the other methods say"),
  ...fitOption,
  ...Object.fromEntries(
    BANDWIDTH_FIELDS.map(({ name }) => [
      name,
      z.number().positive().optional()
        .describe("GB/s of a link, per GPU: the time that traffic takes"),
    ]),
  ),
};

/** What `largest` looks for. */
export const largestOptions = {
  field: z.string().optional().describe(
    "the dotted path of a whole number, such as train.micro_batch; of parallel.gpus the fewest are told; the batch where none is named",
  ),
};

/** What `strategies` lays out. */
export const strategiesOptions = {
  gpus: z.int().min(1).max(MAX_DEVICES).optional()
    .describe("how many GPUs; the scenario's own where none are given"),
  from: z.int().min(0).default(0)
    .describe("how many layouts an earlier answer has had: its next"),
};

/** What a catalogue is searched for. */
export const wordsOption = {
  q: z.string().max(200).optional()
    .describe("words of a name; all there is without them"),
};

/** The name of an imported file. */
export const nameOption = {
  name: z.string().optional().describe(
    "the file's name, which may tell its format",
  ),
};

/** The format to export. */
export const formatOption = {
  format: z.enum(EXPORTS.map(({ id }) => id)),
};

/** What a text of an error may be. */
export const errorText = z.string().describe(
  "an error of memory, its log, nvidia-smi's table, a memory_summary or a memory snapshot as JSON",
);

/** A batch's body. */
export const batchLines = z.string().describe(
  `a Scenario in JSON a line, at most ${MAX_LINES} lines`,
);
