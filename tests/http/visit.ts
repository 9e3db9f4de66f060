/// <reference lib="dom" />
import { assert } from "@std/assert";
import { parseHTML } from "../npm/linkedom.ts";
import { parseFragment } from "../npm/parse5.ts";
import { app } from "../../app.ts";

/** An answer of the application, parsed. */
export interface Visit {
  status: number;
  headers: Headers;
  html: string;
  document: Document;
}

/**
 * Asks the application for an address, as a browser would.
 *
 * @param within Where a fragment comes to stand.
 */
export async function visit(
  path: string,
  within: (html: string) => string = (html) => html,
): Promise<Visit> {
  const response = await app.request(path);
  assert(response.status !== 303, `${path} is moved`);
  const html = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    html,
    document: documentOf(within(html)),
  };
}

/** Parses a page, or a fragment inside an empty one. */
export function documentOf(html: string): Document {
  const whole = /^\s*<!doctype/i.test(html)
    ? html
    : `<!DOCTYPE html><html><body>${html}</body></html>`;
  return parseHTML(whole).document as unknown as Document;
}

/** The address of a query, given as pairs. */
export function address(path: string, fields: Record<string, string>): string {
  return `${path}?${new URLSearchParams(fields)}`;
}

/** The one element that matches. */
export function only(scope: ParentNode, selector: string): Element {
  const found = [...scope.querySelectorAll(selector)];
  assert(found.length === 1, `${found.length} elements match ${selector}`);
  const [first] = found;
  assert(first);
  return first;
}

/** An element's text as a reader sees it. */
export function textOf(element: Element | null): string {
  return (element?.textContent ?? "").replaceAll(/\s+/g, " ").trim();
}

/** The form's controls of a name, without hidden companions. */
export function controlsOf(document: Document, name: string): Element[] {
  return [...document.querySelectorAll("#scenario [name]")].filter((control) =>
    control.getAttribute("name") === name &&
    control.getAttribute("type") !== "hidden"
  );
}

/** What a browser sends when the form is submitted as it stands. */
export function sentBy(document: Document): URLSearchParams {
  const sent = new URLSearchParams();
  for (const control of document.querySelectorAll("#scenario [name]")) {
    const value = valueOf(control);
    if (value !== null) sent.append(control.getAttribute("name") ?? "", value);
  }
  return sent;
}

/** What the form holds under a name; the last value wins, as it does there. */
export function held(document: Document, name: string): string | undefined {
  return sentBy(document).getAll(name).at(-1);
}

function valueOf(control: Element): string | null {
  switch (control.tagName) {
    // Sent by whoever presses it alone.
    case "BUTTON":
      return null;
    case "SELECT": {
      const options = [...control.querySelectorAll("option")];
      const chosen = options.findLast((each) => each.hasAttribute("selected"));
      const option = chosen ?? options[0];
      return option?.getAttribute("value") ?? textOf(option ?? null);
    }
    case "TEXTAREA":
      return decoded(control.textContent ?? "");
    default: {
      const ticked = /^(checkbox|radio)$/.test(
        control.getAttribute("type") ?? "",
      );
      return ticked && !control.hasAttribute("checked")
        ? null
        : control.getAttribute("value") ?? "";
    }
  }
}

/** A textarea's text: linkedom leaves its entities as they are. */
function decoded(raw: string): string {
  const [area] = parseFragment(`<textarea>${raw}</textarea>`).childNodes;
  const [text] = area && "childNodes" in area ? area.childNodes : [];
  return text && "value" in text ? text.value : "";
}
