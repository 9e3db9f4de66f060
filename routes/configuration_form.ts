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
}

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
    files: (form?.getAll(IMPORT_FIELDS.files) ?? []).filter((each) =>
      each instanceof File && (each.name !== "" || each.size > 0)
    ) as File[],
  };
}

/** Reads the chosen files, then what was pasted, which wins. */
export async function importSent(
  { text, files, model }: SentConfigurations,
): Promise<Result<Imported>> {
  const configurations: Configuration[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    const read = await readFile(file);
    if (typeof read === "string") {
      problems.push({ path: "configuration", message: read });
    } else configurations.push(read);
  }
  if (text.trim() !== "") configurations.push({ text });
  if (problems.length > 0) return { ok: false, problems };
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
  const read = scenarioOfConfigurations(configurations);
  if (!read.ok || read.value.scenario["model"] !== undefined) return read;
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
