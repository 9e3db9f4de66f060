import { findGpu } from "../../hardware/gpus.ts";
import { findModel } from "../../models/catalogue.ts";
import type { Document } from "../reading/document.ts";
import type { Format, Rule } from "../reading/format.ts";
import type { LogFigureName } from "../reading/imported.ts";
import { plainText } from "../reading/plain_text.ts";
import { ggufOfFile, weightsOf } from "../reading/serving/gguf_names.ts";
import {
  LogFigures,
  printedBytes,
  shownLine,
} from "../reading/serving/log_lines.ts";
import { COMMAND_KEYS } from "../reading/serving/read_command.ts";
import { assumeServed } from "../reading/serving/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { LLAMA_RULES } from "./rules.ts";

/*
 * Lines of llama.cpp's log, whatever function prints them.
 *
 * Source: ggml-org/llama.cpp src/llama-model.cpp, llama-kv-cache.cpp,
 * llama-context.cpp, ggml-cuda.cu
 */
const BUFFER =
  /([A-Za-z][\w.]{0,40}?)(\d{0,3}) (?:(model|KV|RS|compute) )?buffer size\s*=\s*(\d+(?:\.\d+)?) MiB/;
const SETTING =
  /(?:llama_context|llama_new_context_with_model|llama_init_from_model): (n_ctx|n_batch|n_ubatch|n_seq_max|flash_attn|kv_unified)\s*=\s*(\w+)/;
const OFFLOADED = /offloaded (\d+)\/(\d+) layers to GPU/;
const FILE = /loaded meta data with .{0,80} from (.{1,1000}?\.gguf)/;
const FILE_TYPE = /(?:file type|model ftype)\s*=\s*([A-Z0-9_]+)(?: - (\w+))?/;
const NAME = /general\.name\s*=\s*(.+)$/;
const DEVICE = /Device (\d+): (.{1,80}?), compute capability/;
const CACHE_TYPES = /K \((\w+)\):.{0,40}V \((\w+)\):/;
const TELLS = /(?:model|KV|compute) buffer size\s*=\s*\d/;

const NAMES: Readonly<Record<string, LogFigureName>> = {
  model: "weights_bytes",
  KV: "kv_pool_bytes",
  RS: "kv_pool_bytes",
  compute: "compute_bytes",
};
/** Settings by the flags that they are. */
const FLAGS: Readonly<Record<string, string>> = {
  n_ctx: "ctx-size",
  n_batch: "batch-size",
  n_ubatch: "ubatch-size",
  n_seq_max: "parallel",
  flash_attn: "flash-attn",
  kv_unified: "kv-unified",
};
/** Sizes behind a type of K-quants. */
const SIZES: Readonly<Record<string, string>> = {
  Small: "_S",
  Medium: "_M",
  Large: "_L",
};

function parse(source: ServingSource): Document | null {
  if (!source.lines.some((line) => TELLS.test(line))) return null;
  const figures = new LogFigures();
  const values: Record<string, unknown> = Object.create(null);
  values[COMMAND_KEYS.program] = "llama.cpp";
  const devices = new Map<string, string>();
  for (const line of source.lines) {
    // What is tried first is printed again: --fit does so.
    if (/constructing llama_context/.test(line)) {
      figures.forget("kv_pool_bytes", "compute_bytes");
    } else if (/loading model tensors/.test(line)) {
      figures.forget("weights_bytes");
    }
    putBuffer(figures, line);
    putSettings(values, line);
    const device = DEVICE.exec(line);
    if (device && devices.size < 16) {
      devices.set(device[1] ?? "", device[2]?.trim() ?? "");
    }
  }
  const gpus = [...devices.values()];
  if (gpus.length > 0) values[DEVICES_KEY] = gpus;
  return {
    kind: "own",
    values,
    comments: "",
    notes: missing(figures),
    figures: figures.all,
  };
}

const DEVICES_KEY = "devices";
const NAME_KEY = "general.name";
const TYPE_KEY = "file-type";

function putBuffer(figures: LogFigures, line: string): void {
  const match = BUFFER.exec(line);
  if (!match) return;
  const [, backend = "", number = "", kind = "model", digits = "0"] = match;
  const name = NAMES[kind];
  if (name === undefined) return;
  const isHost = /^(?:CPU|.*Host|BLAS)/.test(`${backend}${number}`) ||
    /_Host$|_Mapped$/.test(backend);
  figures.add({
    name,
    device: isHost ? "host" : `GPU ${number === "" ? 0 : number}`,
    ...printedBytes(digits, "MiB"),
    line: shownLine(line, match.index),
  });
}

function putSettings(values: Record<string, unknown>, line: string): void {
  const setting = SETTING.exec(line);
  const flag = FLAGS[setting?.[1] ?? ""];
  if (flag !== undefined) values[flag] = setting?.[2];
  const offloaded = OFFLOADED.exec(line);
  if (offloaded) {
    const [, layers, all] = offloaded;
    values["gpu-layers"] = layers === all ? "all" : layers;
  }
  const file = FILE.exec(line)?.[1];
  if (file !== undefined) values["model"] = file;
  const type = FILE_TYPE.exec(line);
  if (type) {
    values[TYPE_KEY] = `${type[1]}${SIZES[type[2] ?? ""] ?? ""}`;
  }
  const name = NAME.exec(line)?.[1]?.trim();
  if (name !== undefined) values[NAME_KEY] = name;
  const cache = CACHE_TYPES.exec(line);
  if (cache) {
    values["cache-type-k"] = cache[1];
    values["cache-type-v"] = cache[2];
  }
}

/** What a log that was cut does not tell. */
function missing(figures: LogFigures): string[] {
  const words: readonly [LogFigureName, string][] = [
    ["weights_bytes", "where the weights lie"],
    ["kv_pool_bytes", "how large the cache is"],
    ["compute_bytes", "how large the compute buffers are"],
  ];
  return words.flatMap(([name, what]) =>
    figures.has(name) ? [] : [`the log does not tell ${what}: it may be cut`]
  );
}

/** A file's name may be a hash; then the model's own name tells it. */
const MODEL: Rule = {
  keys: ["model"],
  fields: ["model"],
  values: "the file's name, or general.name",
  read: (setting, draft, all) => {
    const file = ggufOfFile(plainText(setting.value));
    const name = plainText(all.get(NAME_KEY) ?? "").replaceAll(/\s+/g, "-");
    const known = findModel(name);
    draft.state(
      setting,
      "model",
      file.isKnown ? file.model : known?.id ?? file.model,
    );
  },
};

const RULES: readonly Rule[] = [
  ...LLAMA_RULES.filter(({ keys }) => !keys.includes("model")),
  MODEL,
  {
    keys: [NAME_KEY],
    fields: ["model"],
    values: "where no file is named",
    read: (setting, draft, all) => {
      const known = findModel(
        plainText(setting.value).replaceAll(/\s+/g, "-"),
      );
      if (all.has("model")) draft.leave(setting, "read with the file's name");
      else if (known) draft.state(setting, "model", known.id);
      else draft.leave(setting, "no model of the catalogue");
    },
  },
  {
    keys: [TYPE_KEY],
    fields: ["quantization.weights"],
    read: (setting, draft) =>
      draft.state(
        setting,
        "quantization.weights",
        weightsOf(plainText(setting.value)),
      ),
  },
  {
    keys: [DEVICES_KEY],
    fields: ["hardware.gpu", "hardware.gpus", "parallel.gpus"],
    read: (setting, draft) => {
      const names = setting.value as readonly string[];
      const found = names.map((name) => findGpu(name)?.name);
      if (found.some((name) => name === undefined)) {
        draft.leave(setting, "no GPU of the catalogue", true);
        return;
      }
      draft.state(setting, "hardware.gpu", found[0]);
      if (names.length > 1) {
        draft.state(setting, "hardware.gpus", found);
        draft.state(setting, "parallel.gpus", names.length);
      }
    },
  },
];

/** What llama.cpp prints while it loads a model. */
export const llamaLog: Format = {
  id: "llama.cpp-log",
  title: "llama.cpp's log",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse,
  rules: RULES,
  unexpressed: [],
  neutral: [],
  finish: (draft) => assumeServed(draft, "llama.cpp"),
};
