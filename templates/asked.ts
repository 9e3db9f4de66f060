import { tryGetContext } from "hono/context-storage";

/** The themes that a page may be shown in; without one the system's. */
export const THEMES = ["light", "dark"] as const;

/** What a host's address says of the theme, as Gradio's Spaces do. */
export const THEME_PARAMETER = "__theme";

/** Header of a request that the server itself adds: who has signed in. */
export const VISITOR = "x-headroom-visitor";

/** What the request that a page answers says of the page around the answer. */
export interface AskedPage {
  /** The page's path. */
  path: string;
  /** Its query; empty where it was sent by a form's body. */
  query: URLSearchParams;
  /** The theme that the address asks for; null where for none. */
  theme: (typeof THEMES)[number] | null;
  /** Who has signed in, "" nobody; null where nobody can. */
  visitor: string | null;
}

/** The request that is being answered; the first page's where there is none. */
export function askedPage(): AskedPage {
  const c = tryGetContext();
  const visitor = visitorOf(c?.req.header(VISITOR));
  if (!c || c.req.method === "POST") {
    return { path: "/", query: new URLSearchParams(), theme: null, visitor };
  }
  // The address of a request need be none that URL takes: its host may be anything.
  const query = new URLSearchParams(/\?([^#]*)/.exec(c.req.url)?.[1] ?? "");
  // A browser would take two slashes for another host.
  const path = c.req.path.replace(/^\/{2,}/, "/");
  return { path, query, theme: themeOf(query), visitor };
}

function visitorOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  try {
    return decodeURIComponent(header);
  } catch {
    return null;
  }
}

/** The theme that a query asks for; null where it asks for none that there is. */
export function themeOf(query: URLSearchParams): AskedPage["theme"] {
  const asked = query.getAll(THEME_PARAMETER).at(-1);
  return THEMES.find((theme) => theme === asked) ?? null;
}
