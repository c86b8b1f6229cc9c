// Signing out: what waits in this browser is sent first, or warned of; then nothing of this person stays here. Loaded when somebody signs out.

import "./signout.css";
import { cookie, createApi, isRecord, type Api } from "./api";
import { followers, tabLock } from "./outbox";
import { pageStore, type Entry, type Store, type StoredDraft } from "./store";

/** How long a tab that is sending right now is waited for, and how long one answer of the server. */
const PATIENCE = 10_000;

/** The form's data attributes: whose sign-out this is, and the words in the page's language (`{n}` is a number). */
interface Words {
  readonly sending: string;
  readonly leftOne: string;
  readonly leftMany: string;
  readonly stay: string;
  readonly leave: string;
  readonly unreachable: string;
}

export async function signOut(form: HTMLFormElement): Promise<void> {
  const account = Number(form.dataset["account"]);
  const words = form.dataset as unknown as Words;
  const button = form.querySelector("button");
  const label = button?.textContent ?? "";
  if (button) [button.disabled, button.textContent] = [true, words.sending];
  const store = await pageStore();
  const left = await sendAll(store, account);
  const leaves = left === 0 || (await asked((left === 1 ? words.leftOne : words.leftMany).replace("{n}", String(left)), [words.stay, words.leave]));
  const answer = leaves ? await ended(form) : null;
  if (answer) return cleared(store, account, answer);
  if (button) [button.disabled, button.textContent] = [false, label];
  if (leaves) await asked(words.unreachable, [words.stay]);
}

/** Send what this account has here. Returns how many pieces of work the server still lacks. */
export async function sendAll(store: Store, account: number, api: Api = apiOf(account)): Promise<number> {
  const lock = tabLock("labelapp-outbox", navigator.locks as LockManager | undefined, PATIENCE);
  await lock(async () => {
    const tried = new Set<string>();
    for (let entry; (entry = (await store.entries(account)).find((one) => !one.after && !tried.has(one.client_key))); tried.add(entry.client_key)) {
      if (!(await sent(store, api, entry))) return;
    }
    for (const draft of await unsaved(store, account)) if (!(await saved(store, api, draft))) return;
  }).catch(() => undefined);
  const [entries, drafts] = await Promise.all([store.entries(account), unsaved(store, account)]).catch(() => [[], []]);
  return entries.length + drafts.length;
}

function apiOf(account: number): Api {
  return createApi({
    base: "/api/v1/",
    project: "",
    account,
    // Its name in production and elsewhere.
    csrfToken: () => cookie("__Host-csrftoken") || cookie("csrftoken"),
    refreshCsrf: async () => void (await fetch(location.href, { credentials: "same-origin", cache: "no-store" }).catch(() => null)),
    fetch: (input, init) => fetch(input, init),
    patience: PATIENCE,
  });
}

/** False where trying the next one is no use. */
async function sent(store: Store, api: Api, entry: Entry): Promise<boolean> {
  if (entry.state === "aside") return true;
  const answer = await (entry.kind === "submission" ? api.submit(entry.target, entry.body) : api.amend(entry.target, entry.body));
  if (answer.ok) {
    const { annotation } = answer.body.receipt;
    for (const follower of followers(await store.entries(entry.account), entry)) await store.put({ ...follower, target: annotation, after: null });
    await store.remove(entry.client_key);
    await store.removeDraft(entry.account, entry.target);
  }
  return answer.ok || answer.kind === "refused";
}

async function saved(store: Store, api: Api, { account, claim, version, draft }: StoredDraft): Promise<boolean> {
  const answer = await api.saveDraft(claim, version, draft);
  if (answer.ok) await store.removeDraft(account, claim);
  return answer.ok || answer.kind === "refused";
}

const unsaved = async (store: Store, account: number) => (await store.drafts(account)).filter((draft) => draft.dirty);

/** End the session; where the browser is to go next, or null where the server could not be asked. */
async function ended(form: HTMLFormElement): Promise<string | null> {
  const token = cookie("__Host-csrftoken") || cookie("csrftoken");
  const headers = { "X-Requested-With": "XMLHttpRequest", Accept: "application/json", "X-CSRFToken": token };
  try {
    const response = await fetch(form.action, { method: "POST", headers, credentials: "same-origin", cache: "no-store" });
    if (!response.ok) return null;
    const body: unknown = await response.json().catch(() => null);
    return isRecord(body) && typeof body["location"] === "string" ? body["location"] : "/";
  } catch {
    return null;
  }
}

async function cleared(store: Store, account: number, to: string): Promise<void> {
  await store.clear(account).catch(() => undefined);
  for (const kept of [localStorage, sessionStorage]) {
    for (const key of Object.keys(kept)) if (key.startsWith("labelapp")) kept.removeItem(key);
  }
  if (typeof BroadcastChannel !== "undefined") new BroadcastChannel("labelapp-desk").postMessage({ signed_out: account });
  location.replace(to);
}

/** A question over the page; the first answer is the safe one and has the focus. Resolves true for the second. */
function asked(question: string, [safe, other]: readonly [string, string?]): Promise<boolean> {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const text = document.createElement("p");
  text.textContent = question;
  const actions = document.createElement("div");
  actions.className = "actions";
  dialog.append(text, actions);
  return new Promise((resolve) => {
    const add = (label: string, kind: string, answer: string) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: kind, textContent: label, onclick: () => dialog.close(answer) });
      actions.append(button);
    };
    add(safe, "primary", "");
    if (other) add(other, "danger", "leave");
    // Keys pressed here are not meant for the page below.
    dialog.onkeydown = (event) => event.stopPropagation();
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === "leave");
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
