import { parse as parseHtml } from "../npm/parse5.ts";
import type { ParserError } from "../npm/parse5.ts";
import { app } from "../../app.ts";
import { documentOf } from "./visit.ts";

/** What the page asks for, by the names of its fields. */
export function asksFor(document: Document): (string | null)[] {
  return [...document.querySelectorAll("form.missing input[type=text]")]
    .map((each) => each.getAttribute("name"));
}

export function unescaped(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export async function send(
  fields: Record<string, string>,
  files: File[] = [],
): Promise<{ status: number; document: Document; html: string }> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  for (const file of files) body.append("configuration_file", file);
  const response = await app.request("/import", { method: "POST", body });
  const html = await response.text();
  return { status: response.status, document: documentOf(html), html };
}

export async function post(path: string, body: string): Promise<Response> {
  return await app.request(path, { method: "POST", body });
}

export function errorsOf(html: string): string[] {
  const errors: string[] = [];
  parseHtml(html, {
    onParseError: ({ code }: ParserError) => errors.push(code),
  });
  return errors;
}
