// The moment between Enter and the disk: IndexedDB forgets a write that it had not finished when its tab died, which can be a tenth of a second
// of work on a busy machine. What goes into localStorage is out of the tab's hands at once, so a submission waits there until IndexedDB has it.

// Not among the keys that signing out takes away: another account's may lie beside them.
const PREFIX = "desk-journal ";

export interface Journal {
  readonly note: (clientKey: string, entry: unknown) => void;
  readonly strike: (clientKey: string) => void;
  /** What was noted and never struck, as a stranger's data. */
  readonly left: () => readonly unknown[];
}

/** On `place`; where that is missing, full or forbidden nothing is noted, and IndexedDB alone has to do. */
export function journalIn(place: () => Storage): Journal {
  const attempt = <T>(act: (storage: Storage) => T, otherwise: T): T => {
    try {
      return act(place());
    } catch {
      return otherwise;
    }
  };
  const read = (storage: Storage, key: string): unknown => {
    try {
      return JSON.parse(storage.getItem(key) ?? "");
    } catch {
      storage.removeItem(key);
      return null;
    }
  };
  return {
    note: (clientKey, entry) => attempt((storage) => storage.setItem(PREFIX + clientKey, JSON.stringify(entry)), undefined),
    strike: (clientKey) => attempt((storage) => storage.removeItem(PREFIX + clientKey), undefined),
    left: () => attempt((storage) => Object.keys(storage).filter((key) => key.startsWith(PREFIX)).map((key) => read(storage, key)), []),
  };
}
