import { similarModels } from "../../lib/mod.ts";

/** Links to what a name that is not in the catalogue may mean. */
export function DidYouMean({ href }: {
  /** The page's address with the name. */
  href: string;
}) {
  const query = new URLSearchParams(href.slice(href.indexOf("?") + 1));
  const name = query.get("model") ?? "";
  const ids = similarModels(name).filter((id) => id !== name);
  if (ids.length === 0) return null;
  return (
    <p class="did-you-mean">
      Did you mean {ids.map((id, at) => (
        <>
          {at === 0 ? "" : at < ids.length - 1 ? ", " : " or "}
          <a href={withModel(query, id)}>{id}</a>
        </>
      ))}?
    </p>
  );
}

function withModel(query: URLSearchParams, id: string): string {
  const changed = new URLSearchParams(query);
  changed.set("model", id);
  return `/?${changed}`;
}
