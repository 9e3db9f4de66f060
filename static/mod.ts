import combobox from "./combobox.js" with { type: "text" };
import compare from "./compare.css" with { type: "text" };
import copy from "./copy.js" with { type: "text" };
import docs from "./docs.css" with { type: "text" };
import htmx from "./htmx.min.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import model from "./model.js" with { type: "text" };
import page from "./page.js" with { type: "text" };
import style from "./style.css" with { type: "text" };
import thumbnail from "./thumbnail.b64" with { type: "text" };
import theme from "./theme.js" with { type: "text" };
import { slimCss, slimJs } from "./slim.ts";

/** A file that pages load. */
export interface StaticFile {
  path: string;
  /** A hash of its content. */
  hash: string;
  /** Where pages find it: the path with the hash as its query. */
  address: string;
  type: string;
  text: string;
}

/** Every static file, in memory: the server reads no disk. */
export const STATIC: Record<
  | "combobox"
  | "compare"
  | "copy"
  | "docs"
  | "htmx"
  | "icon"
  | "model"
  | "page"
  | "style"
  | "theme",
  StaticFile
> = {
  combobox: await file("combobox.js", "text/javascript", slimJs(combobox)),
  compare: await file("compare.css", "text/css", slimCss(compare)),
  copy: await file("copy.js", "text/javascript", slimJs(copy)),
  docs: await file("docs.css", "text/css", slimCss(docs)),
  htmx: await file("htmx.min.js", "text/javascript", htmx),
  icon: await file("icon.svg", "image/svg+xml", icon),
  model: await file("model.js", "text/javascript", slimJs(model)),
  page: await file("page.js", "text/javascript", slimJs(page)),
  style: await file("style.css", "text/css", slimCss(style)),
  theme: await file("theme.js", "text/javascript", slimJs(theme)),
};

/**
 * The picture that stands for the page where links to it are shown. It is kept as
 * text: hosts of Spaces take no binary files by git alone.
 */
export const THUMBNAIL: Uint8Array<ArrayBuffer> = Uint8Array.from(
  atob(thumbnail.replaceAll("\n", "")),
  (character) => character.charCodeAt(0),
);

async function file(
  name: string,
  type: string,
  text: string,
): Promise<StaticFile> {
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hash = Array.from(digest.slice(0, 6))
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const path = `/static/${name}`;
  return {
    path,
    hash,
    address: `${path}?v=${hash}`,
    type: `${type}; charset=utf-8`,
    text,
  };
}
