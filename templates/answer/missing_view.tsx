import type { Configuration, Missing } from "../../lib/mod.ts";
import { IMPORT_FIELDS } from "../form/page_fields.ts";

/** An answer for one of the values that are worth trying. */
export interface Tried {
  gpus: number;
  /** The page's address with it. */
  href: string;
  /** The verdict in a few words; null where there is none yet. */
  words: string | null;
}

/** What has to be given before there is an answer, a field each. */
export function MissingForm(
  { missing, texts, query, model }: {
    missing: readonly Missing[];
    /** What was read, to be read again with what is given. */
    texts: readonly Configuration[];
    /** The query of the scenario that the page held. */
    query: string;
    model: string;
  },
) {
  const files = missing.filter(({ kind }) => kind === "file");
  const fields = missing.filter(({ kind }) => kind !== "file");
  return (
    <form
      id="missing"
      class="missing"
      action="/import"
      method="post"
      enctype="multipart/form-data"
      autocomplete="off"
      aria-label="What is missing"
    >
      <h3>Needed for an answer</h3>
      <input
        type="hidden"
        name={IMPORT_FIELDS.texts}
        value={JSON.stringify(texts)}
      />
      <input type="hidden" name={IMPORT_FIELDS.scenario} value={query} />
      <input type="hidden" name={IMPORT_FIELDS.model} value={model} />
      {fields.map(({ name, reason, tries }, at) => (
        <div class="field">
          <label for={`f-given-${at}`}>
            <code>{name}</code>
          </label>
          <input
            type="text"
            id={`f-given-${at}`}
            name={`${IMPORT_FIELDS.given}${name}`}
            inputmode={tries ? "numeric" : undefined}
            spellcheck={false}
            aria-describedby={`f-given-${at}-hint`}
          />
          <p class="hint" id={`f-given-${at}-hint`}>{reason}</p>
        </div>
      ))}
      {files.length > 0 && (
        <div class="field">
          <label for="f-given-files">
            {files.length === 1 ? "The file that it names" : "The files"}
          </label>
          <input
            type="file"
            id="f-given-files"
            name={IMPORT_FIELDS.files}
            multiple
            aria-describedby="f-given-files-hint"
          />
          <div class="hint" id="f-given-files-hint">
            {files.map(({ reason }) => <p>{reason}</p>)}
          </div>
        </div>
      )}
      <button type="submit">Read it with this</button>
    </form>
  );
}

/** The answers for some numbers of GPUs, where a file does not say it. */
export function TriedGpus({ tried }: { tried: readonly Tried[] }) {
  return (
    <section class="card" aria-labelledby="tried-title">
      <h2 id="tried-title">How many GPUs?</h2>
      <p>
        The file does not say how many GPUs it runs on, and each holds less the
        more there are. Pick one:
      </p>
      <ul class="tried">
        {tried.map(({ gpus, href, words }) => (
          <li>
            <a href={href}>{gpus} GPUs</a>
            {words === null ? "" : `: ${words}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Stands for the answer while something is missing. */
export function NoAnswerYet({ missing }: { missing: readonly Missing[] }) {
  return (
    <section class="card" aria-labelledby="no-answer-title">
      <h2 id="no-answer-title">No answer yet</h2>
      <p>
        It needs {missing.map(({ name }, at) => (
          <>
            {at === 0 ? "" : at === missing.length - 1 ? " and " : ", "}
            <code>{name}</code>
          </>
        ))}: give {missing.length === 1 ? "it" : "them"}{" "}
        where what was read is listed.
      </p>
    </section>
  );
}
