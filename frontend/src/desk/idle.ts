// Fetching what is needed rarely, when the page has nothing else to do.

const PATIENCE = 4_000;

/** Run `fetch` once in an idle moment; that it fails is no matter, since it is asked for again when it is needed. Returns how to call it off. */
export function whenIdle(fetch: () => Promise<unknown>): () => void {
  const run = () => void fetch().catch(() => undefined);
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(run, PATIENCE);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(run, { timeout: PATIENCE });
  return () => cancelIdleCallback(handle);
}

/** What `load` brings, however often that takes: the network that is needed for it may be the very thing that is missing. */
export async function persistently<T>(load: () => Promise<T>, wait = 500): Promise<T> {
  for (let pause = wait; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
