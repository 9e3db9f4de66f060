import type { Child } from "hono/jsx";

/** A card of the answer that is folded until somebody wants it. */
export function Fold(
  { id, title, children }: { id: string; title: string; children: Child },
) {
  return (
    <details class="card fold" id={id}>
      <summary>
        <h3>{title}</h3>
      </summary>
      {children}
    </details>
  );
}
