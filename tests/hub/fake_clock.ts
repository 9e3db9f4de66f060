import type { Clock } from "../../hub/look_up_places.ts";

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves it on, and runs what is due on the way, in order. */
  pass(milliseconds: number): void;
}

/** Makes a {@linkcode FakeClock} at 0. */
export function fakeClock(): FakeClock {
  let time = 0;
  const due = new Set<{ at: number; run: () => void }>();
  return {
    now: () => time,
    after(milliseconds, run) {
      const timer = { at: time + milliseconds, run };
      due.add(timer);
      return () => due.delete(timer);
    },
    pass(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        const next = [...due].filter(({ at }) => at <= end)
          .sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        due.delete(next);
        time = next.at;
        next.run();
      }
      time = end;
    },
  };
}
