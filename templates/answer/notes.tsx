/** A list of remarks; nothing where there are none. */
export function Notes(
  { title, kind, notes }: {
    title: string;
    kind: "warnings" | "assumptions";
    notes: readonly string[];
  },
) {
  if (notes.length === 0) return null;
  return (
    <section class={`card notes ${kind}`} aria-label={title}>
      <h3>{title}</h3>
      <ul>{notes.map((note) => <li>{note}</li>)}</ul>
    </section>
  );
}
