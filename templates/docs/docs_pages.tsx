import type { Child } from "hono/jsx";
import { raw } from "hono/html";
import type { Field } from "../../lib/mod.ts";
import { fieldWords } from "../words/field_words.ts";
import { figureId, WORDED_FIGURES } from "../words/figure_words.ts";
import { partId, WORDED_PARTS } from "../words/part_words.ts";
import { STATIC } from "../../static/mod.ts";
import { Layout } from "../layout.tsx";
import { TABS } from "../form/tabs.ts";
import type { Doc } from "./documents.ts";
import { DOCS, titleOfDoc } from "./documents.ts";
import type { DocHeading } from "./markdown.ts";
import { headingsOf, markdownToHtml } from "./markdown.ts";

/** Pages of the documentation that are made of what the program knows. */
const MADE = [
  {
    name: "settings",
    title: "Every setting of the form",
    about: "What each setting is, in a sentence or two",
  },
  {
    name: "parts",
    title: "Every part of the memory",
    about: "What each part of an answer is, in a sentence",
  },
  {
    name: "api",
    title: "Every address of the API",
    about: "What programs ask, with which options, and what comes back",
  },
] as const;

/** What there is to read. */
export function DocsPage() {
  const chapters = Map.groupBy(DOCS, ({ chapter }) => chapter);
  return (
    <DocLayout title="Documentation">
      <h1>Documentation</h1>
      {[...chapters].map(([chapter, docs], at) => (
        <section class="card">
          <h2>{chapter}</h2>
          <ul>
            {docs.map((doc) => (
              <Line
                name={doc.name}
                title={titleOfDoc(doc)}
                about={doc.about}
              />
            ))}
            {at === 0 && MADE.map((each) => <Line {...each} />)}
            {at === 0 && (
              <li>
                <a href="/accuracy">Measured against predicted</a>: every
                measured run, as a picture and a list
              </li>
            )}
          </ul>
        </section>
      ))}
    </DocLayout>
  );
}

function Line(
  { name, title, about }: { name: string; title: string; about: string },
) {
  return (
    <li>
      <a href={`/docs/${name}`}>{title}</a>: {about}
    </li>
  );
}

/** A document as it stands on its page. */
interface MadeDoc {
  html: ReturnType<typeof raw>;
  headings: DocHeading[];
}

/** There are as many as documents, which no visitor makes more. */
const made = new Map<string, MadeDoc>();

function madeOf({ name, text }: Doc): MadeDoc {
  const known = made.get(name);
  if (known) return known;
  const one = { html: raw(markdownToHtml(text)), headings: headingsOf(text) };
  made.set(name, one);
  return one;
}

/** One document, made once. */
export function DocPage({ doc }: { doc: Doc }) {
  const { html: known, headings } = madeOf(doc);
  return (
    <DocLayout title={titleOfDoc(doc)}>
      <Way />
      {headings.length > 3 && (
        <details class="card contents">
          <summary>On this page</summary>
          <ul>
            {headings.map(({ id, title }) => (
              <li>
                <a href={`#${id}`}>{title}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
      <article class="card prose">{known}</article>
    </DocLayout>
  );
}

/** Every setting with its sentence, as the form has them. */
export function SettingsDoc() {
  return (
    <DocLayout title={MADE[0].title}>
      <Way />
      <h1>{MADE[0].title}</h1>
      <p>
        The form shows what matters to the task, the engine and the model. In a
        file or an address a setting goes by its path.
      </p>
      {TABS.map((tab) => (
        <section class="card" aria-labelledby={`tab-${tab.id}-title`}>
          <h2 id={`tab-${tab.id}-title`}>{tab.title}</h2>
          {[...tab.groups, ...tab.more].map(({ title, fields }) => (
            <>
              <h3>{title}</h3>
              <dl class="words">
                {fields.map((field) => <Setting field={field} />)}
              </dl>
            </>
          ))}
        </section>
      ))}
    </DocLayout>
  );
}

function Setting({ field }: { field: Field }) {
  return (
    <div id={field.path}>
      <dt>
        {field.label} <code>{field.path}</code>
      </dt>
      <dd>
        {fieldWords(field)}{" "}
        {field.values.kind === "choice" && (
          <span class="hint">One of {field.values.options.join(", ")}.</span>
        )}
      </dd>
    </div>
  );
}

/** Every part of the memory with its sentence. */
export function PartsDoc() {
  return (
    <DocLayout title={MADE[1].title}>
      <Way />
      <h1>{MADE[1].title}</h1>
      <p>
        <a href="/docs/numbers">How each number comes about</a>{" "}
        says how they are counted.
      </p>
      <section class="card" aria-label="Parts">
        <Words
          words={WORDED_PARTS.map((
            [name, words],
          ) => [partId(name), name, words])}
        />
      </section>
      <section class="card" aria-labelledby="figures-title">
        <h2 id="figures-title">Figures of engines that serve</h2>
        <Words
          words={WORDED_FIGURES.map(([name, words]) => [
            figureId(name),
            name,
            words,
          ])}
        />
      </section>
    </DocLayout>
  );
}

function Words(
  { words }: {
    words: readonly (readonly [id: string, name: string, words: string])[];
  },
) {
  return (
    <dl class="words">
      {words.map(([id, name, text]) => (
        <div id={id}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The way back to the contents. */
export function Way() {
  return (
    <p>
      <a href="/docs">Documentation</a>
    </p>
  );
}

/** A page of the documentation around its content. */
export function DocLayout(
  { title, children }: { title: string; children: Child },
) {
  return (
    <Layout title={`${title} · Headroom`} styles={STATIC.docs.address}>
      <main class="single docs" id="answer">{children}</main>
    </Layout>
  );
}
