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
