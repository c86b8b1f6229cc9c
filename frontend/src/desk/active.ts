// Active time: how long a person has worked on an item, by a monotonic clock that is passed in. Idle stretches count up to a cut-off.

export interface ActiveTime {
  /** Milliseconds counted so far. */
  readonly total: number;
  /** The clock at the last sign of life, or null while nobody is at it. */
  readonly last: number | null;
}

/** Reading a hard step without touching anything is work; longer than this is a coffee. */
export const IDLE_AFTER = 60_000;

export const NOT_STARTED: ActiveTime = { total: 0, last: null };

/** A sign of life at `now`: the stretch since the last one counts, but never more than the cut-off and never less than nothing. */
export function touch(time: ActiveTime, now: number): ActiveTime {
  return { total: activeAt(time, now), last: now };
}

/** The page was hidden or the item put away: what was worked counts, what follows does not. */
export function pause(time: ActiveTime, now: number): ActiveTime {
  return { total: activeAt(time, now), last: null };
}

/** Milliseconds of active time as of `now`. */
export function activeAt(time: ActiveTime, now: number): number {
  return time.last === null ? time.total : time.total + Math.min(Math.max(now - time.last, 0), IDLE_AFTER);
}
