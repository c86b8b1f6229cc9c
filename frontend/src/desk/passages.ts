// Which text is rendered when: what comes first on the page at once, as far as one frame allows; then what is near the window; then the rest;
// then the next item. Formula by formula, in slices that leave the page free.

import { begin, nodesOf, plainText, renderText, whenBetter, type Words, type Work } from "./math";

/** What may be rendered and put on the page before the next frame, in all: the browser lays out a thousand nodes in some 15 ms. */
const FRAME_MS = 12;
const FRAME_NODES = 1_000;
const SLICE_MS = 8;
/** Longer texts are never rendered in one go. */
const SHORT = 1_500;

interface Job {
  readonly text: string;
  readonly words: Words;
  /** Puts the rendered text where it belongs; null for one that is only to be ready. */
  readonly put: (() => void) | null;
  near: boolean;
  work?: Work;
}

let jobs: Job[] = [];
let running = false;
/** Of the frame in the making. */
let spent = 0;
let placed = 0;
let counting = false;

/** Show `text` in `node`: at once where that costs little, else as its source until its turn comes. Returns how to stop. */
export function show(node: HTMLElement, text: string, words: Words): () => void {
  let callOff = (): void => undefined;
  const queue = (): void => {
    node.setAttribute("aria-busy", "true");
    add(job);
    watched.set(node, job);
    sight?.observe(node);
  };
  const put = (): void => {
    // With its direction open, Chromium would look for it again at each node that is put in.
    node.dir = "ltr";
    node.replaceChildren(renderText(text, words));
    node.removeAttribute("dir");
    node.removeAttribute("aria-busy");
    placed += nodesOf(text) ?? 0;
    callOff = whenBetter(text, queue);
  };
  const job: Job = { text, words, put, near: false };
  if (isAffordable(text)) {
    const before = performance.now();
    put();
    spent += performance.now() - before;
  } else {
    node.replaceChildren(plainText(text));
    queue();
  }
  return () => {
    jobs = jobs.filter((one) => one !== job);
    sight?.unobserve(node);
    callOff();
  };
}

/** A stretch of text in a line of others. */
export function passage(text: string, words: Words): HTMLElement {
  const run = document.createElement("bdi");
  run.className = "passage";
  show(run, text, words);
  return run;
}

/** Render texts in the background, in this order, for when they are needed. */
export function renderAhead(texts: readonly string[], words: Words): void {
  const queued = new Set(jobs.map((job) => job.text));
  for (const text of texts) if (nodesOf(text) === undefined && !queued.has(text)) add({ text, words, put: null, near: false });
}

/** The next frame begins with nothing spent. */
function count(): void {
  if (counting) return;
  counting = true;
  requestAnimationFrame(() => {
    counting = false;
    spent = placed = 0;
  });
}

function isAffordable(text: string): boolean {
  count();
  return spent < FRAME_MS && placed < FRAME_NODES && (text.length <= SHORT || nodesOf(text) !== undefined);
}

const watched = new WeakMap<Element, Job>();
const sight =
  typeof IntersectionObserver === "undefined"
    ? null
    : new IntersectionObserver(
        (entries) => {
          for (const { target, isIntersecting } of entries) {
            const job = watched.get(target);
            if (job) job.near = isIntersecting;
          }
        },
        { rootMargin: "50% 0px" },
      );

function add(job: Job): void {
  jobs.push(job);
  if (running) return;
  running = true;
  later();
}

/** After the next frame is painted; a page out of sight paints none. */
function later(): void {
  if (document.visibilityState === "hidden") setTimeout(slice, 0);
  else requestAnimationFrame(() => setTimeout(slice, 0));
}

function slice(): void {
  const until = performance.now() + SLICE_MS;
  placed = 0;
  count();
  do {
    const job = jobs.find((one) => one.near) ?? jobs.find((one) => one.put) ?? jobs[0];
    if (!job) break;
    job.work ??= begin(job.text, job.words);
    if (!job.work.advance()) continue;
    jobs = jobs.filter((one) => one !== job);
    delete job.work;
    job.put?.();
  } while (performance.now() < until && placed < FRAME_NODES);
  running = jobs.length > 0;
  if (running) later();
}
