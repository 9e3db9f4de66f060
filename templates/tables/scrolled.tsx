import type { Child } from "hono/jsx";

/** A table that scrolls sideways where the screen is narrow. */
export function Scrolled(
  { label, children }: { label: string; children: Child },
) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      <table>{children}</table>
    </div>
  );
}
