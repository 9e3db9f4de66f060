import type { Configuration, Imported, Problem, Result } from "../lib/mod.ts";
import { scenarioOfConfigurations } from "../lib/mod.ts";
import { IMPORT_FIELDS } from "../templates/form/page_fields.ts";

/** What somebody sent to be imported. */
export interface SentConfigurations {
  text: string;
  model: string;
  /** The query of the scenario that the page held. */
  scenario: string;
  files: File[];
  /** Texts that were read before. */
  before: Configuration[];
  /** What answers to what was missing then. */
  given: Record<string, string>;
}

/** Longest value that is given for what was missing. */
const MAX_GIVEN_LENGTH = 1000;
/** Largest file that is looked at; the reader's own limit is smaller. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Parts a form into what was pasted, chosen and named. */
export function readForm(form: FormData | null): SentConfigurations {
  const textOf = (name: string): string => {
    const value = form?.getAll(name).at(-1);
    return typeof value === "string" ? value : "";
  };
  return {
    // Browsers send line ends as CR LF.
    text: textOf(IMPORT_FIELDS.text).replaceAll("\r\n", "\n"),
    model: textOf(IMPORT_FIELDS.model).trim(),
    scenario: textOf(IMPORT_FIELDS.scenario),
    before: textsIn(textOf(IMPORT_FIELDS.texts)),
    given: givenIn(
      [...form?.entries() ?? []].flatMap(([name, value]) =>
        typeof value === "string" ? [[name, value] as const] : []
      ),
    ),
    files: (form?.getAll(IMPORT_FIELDS.files) ?? []).filter((each) =>
      each instanceof File && (each.name !== "" || each.size > 0)
    ) as File[],
  };
}

/** What is given by `given.NAME`, by its name. */
export function givenIn(
  entries: Iterable<readonly [name: string, value: string]>,
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of entries) {
    if (!name.startsWith(IMPORT_FIELDS.given)) continue;
    Object.defineProperty(given, name.slice(IMPORT_FIELDS.given.length), {
      value: value.slice(0, MAX_GIVEN_LENGTH),
      enumerable: true,
      configurable: true,
    });
  }
  return given;
}

/** Texts as the page holds them while it asks; none where they are no such. */
function textsIn(json: string): Configuration[] {
  if (json === "") return [];
  try {
    const list: unknown = JSON.parse(json);
    return !Array.isArray(list) ? [] : list.flatMap((each) => {
      const { text, name } = Object(each) as Record<string, unknown>;
      if (typeof text !== "string") return [];
      return [typeof name === "string" ? { text, name } : { text }];
    });
  } catch {
    return [];
  }
}

/** The texts that were sent: those read before, files, then what was pasted. */
export async function textsOf(
  { text, files, before }: SentConfigurations,
): Promise<Result<Configuration[]>> {
  const configurations: Configuration[] = [...before];
  const problems: Problem[] = [];
  for (const file of files) {
    const read = await readFile(file);
    if (typeof read === "string") {
      problems.push({ path: "configuration", message: read });
    } else configurations.push(read);
  }
  if (text.trim() !== "") configurations.push({ text });
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: configurations };
}

/** Reads what was sent; of files that state the same the later one wins. */
export async function importSent(
  sent: SentConfigurations,
): Promise<Result<Imported>> {
  const { model, given } = sent;
  const texts = await textsOf(sent);
  if (!texts.ok) return texts;
  const configurations = texts.value;
  if (configurations.length === 0) {
    return {
      ok: false,
      problems: [{
        path: "configuration",
        message:
          "configuration must not be empty: paste it, or choose its file",
      }],
    };
  }
  const read = scenarioOfConfigurations(configurations, given);
  if (!read.ok || read.value.scenario["model"] !== undefined) return read;
  // A file that is asked for may name the model.
  if (read.value.missing.some(({ kind }) => kind === "file") && model === "") {
    return read;
  }
  if (model === "" && waitsForModel(read.value)) return read;
  if (model === "") {
    return {
      ok: false,
      problems: [{
        path: "model",
        message:
          "model is missing: the configuration names none; give one below it",
      }],
    };
  }
  const { scenario } = read.value;
  return {
    ok: true,
    value: { ...read.value, scenario: { model, ...scenario } },
  };
}

function waitsForModel({ missing }: Imported): boolean {
  return missing.some(({ paths }) =>
    paths.some((path) => path === "model" || path.startsWith("model."))
  );
}

async function readFile(file: File): Promise<Configuration | string> {
  const name = file.name.slice(0, 100);
  const named = JSON.stringify(name);
  if (file.size > MAX_FILE_BYTES) {
    return `configuration must have at most ${MAX_FILE_BYTES} bytes: the file ${named} has ${file.size}`;
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true })
      .decode(await file.bytes());
    return { text, name };
  } catch {
    return `configuration must be text: the file ${named} is binary`;
  }
}
