import { Marked } from "marked";
import type { Tokens } from "marked";
import { DOCS } from "./documents.ts";

/** A heading that a document can be entered at. */
export interface DocHeading {
  id: string;
  /** Its text, without marks. */
  title: string;
}

const NAMES: ReadonlySet<string> = new Set(DOCS.map(({ name }) => name));

/** A heading's id, as code hosts make it of the text. */
export function headingId(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim().replaceAll(/\s/g, "-");
}

/**
 * Where a link of a document leads on this server: to another document, to what
 * stands elsewhere, or nowhere, where it names a file of the project.
 */
export function docAddress(href: string): string | null {
  if (/^(https?:|#)/.test(href)) return href;
  const [, name = "", hash = ""] = href.match(/^([\w-]+)\.md(#.*)?$/) ?? [];
  return NAMES.has(name) ? `/docs/${name}${hash}` : null;
}

/** Tables of the document that is written, whose regions have names of their own. */
let tables = 0;

const marked = new Marked({
  renderer: {
    heading({ tokens, depth }: Tokens.Heading): string {
      const text = this.parser.parseInline(tokens);
      return `<h${depth} id="${idOf(tokens)}">${text}</h${depth}>\n`;
    },
    link({ href, tokens }: Tokens.Link): string {
      const text = this.parser.parseInline(tokens);
      const address = docAddress(href);
      return address === null
        ? text
        : `<a href="${escaped(address)}">${text}</a>`;
    },
    // The pictures of the documents are pages here.
    image({ text }: Tokens.Image): string {
      return `<a href="/accuracy">${escaped(text)}</a>`;
    },
    table({ header, rows }: Tokens.Table): string {
      const cell = (tag: string, { tokens, align }: Tokens.TableCell) =>
        `<${tag}${align === "right" ? ' class="number"' : ""}>${
          this.parser.parseInline(tokens)
        }</${tag.split(" ")[0]}>`;
      const title = header.map(({ text }) => text).join(", ");
      const [first, ...others] = rows.map((row) =>
        `<tr>${row.map((each) => cell("td", each)).join("")}</tr>\n`
      );
      return `<div class="scroll" tabindex="0" role="region" aria-label="${
        escaped(`Table ${++tables}: ${title}`)
      }"><table>\n<thead><tr>${
        header.map((each) => cell('th scope="col"', each)).join("")
      }</tr></thead>\n<tbody>${first ?? ""}${
        others.join("")
      }</tbody></table></div>\n`;
    },
    code({ text }: Tokens.Code): string {
      return `<pre class="command" tabindex="0"><code>${
        escaped(text)
      }</code></pre>\n`;
    },
    // Nothing of the documents is HTML.
    html({ text }: Tokens.HTML | Tokens.Tag): string {
      return escaped(text);
    },
  },
});

/** A document as HTML. */
export function markdownToHtml(text: string): string {
  tables = 0;
  return String(marked.parse(text, { async: false }));
}

/** The headings of a document's second level. */
export function headingsOf(text: string): DocHeading[] {
  return marked.lexer(text).flatMap((token) => {
    if (token.type !== "heading" || token["depth"] !== 2) return [];
    const { tokens } = token as Tokens.Heading;
    return [{ id: idOf(tokens), title: plainText(tokens) }];
  });
}

type Inline = Tokens.Heading["tokens"];

function idOf(tokens: Inline): string {
  return headingId(plainText(tokens));
}

function plainText(tokens: Inline): string {
  return tokens.map((token) =>
    "tokens" in token && token.tokens
      ? plainText(token.tokens)
      : "text" in token
      ? String(token.text)
      : token.raw
  ).join("").replaceAll("&quot;", '"').replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
}
