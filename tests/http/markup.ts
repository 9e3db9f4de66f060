import type { DefaultTreeAdapterMap } from "../npm/parse5.ts";
import { parse, parseFragment } from "../npm/parse5.ts";

type Node = DefaultTreeAdapterMap["node"];

/** Elements that a page loads from outside or runs. */
const RUNS = new Set(["script", "iframe", "object", "embed", "base", "style"]);

/** Where links lead that leave the application: the sources of measured runs. */
const SOURCES = "https://github.com/";

/** Files of the application's own. */
const OWN = /^\/static\/[\w.]+\?v=[0-9a-f]+$/;

/**
 * Lists what a strict page must not hold: code in the text, event handlers,
 * style attributes, addresses that run code. Reads as a browser does.
 */
export function dangersOf(html: string): string[] {
  const page = /^\s*<!doctype/i.test(html);
  const found: string[] = [];
  visitAll(
    page ? parse(html) : parseFragment(html),
    (name, attributes, text) => {
      const source = attributes.get("src");
      if (RUNS.has(name) && !(name === "script" && OWN.test(source ?? ""))) {
        found.push(`<${name}>`);
      }
      if (name === "script" && text !== "") found.push(`script: ${text}`);
      for (const [attribute, value] of attributes) {
        if (/^(on|style$|srcdoc$)/i.test(attribute)) found.push(attribute);
        if (/^(hx-on|hx-vals|hx-vars)/i.test(attribute)) found.push(attribute);
        if (
          /^(href|src|action|formaction|xlink:href)$/.test(attribute) &&
          !/^[/#]/.test(value) &&
          !(name === "a" && value.startsWith(SOURCES))
        ) found.push(`${attribute}=${value}`);
        if (/^(href|src)$/.test(attribute) && value.startsWith("//")) {
          found.push(`${attribute}=${value}`);
        }
      }
    },
  );
  return found;
}

function visitAll(
  node: Node,
  see: (name: string, attributes: Map<string, string>, text: string) => void,
): void {
  if ("attrs" in node) {
    const text = node.childNodes
      .map((child) => "value" in child ? child.value : "").join("");
    see(
      node.tagName,
      new Map(node.attrs.map(({ name, value }) => [name, value])),
      text,
    );
  }
  if ("childNodes" in node) {
    for (const child of node.childNodes) visitAll(child, see);
  }
}
