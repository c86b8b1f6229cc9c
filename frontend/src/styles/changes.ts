// What a form changes against the values that it is held against, said while it is filled in.

export interface Held {
  readonly fields: Readonly<Record<string, { readonly label: string; readonly last: unknown; readonly default: unknown }>>;
  /** `changed` has {label}, {last} and {now}; `default` has {default}. */
  readonly words: { readonly changed: string; readonly default: string; readonly on: string; readonly off: string; readonly none: string };
}

/** A line for each field whose value is not the one held. Pure; `now` has the form's values as texts, "" for none, "on" for a tick. */
export function changes({ fields, words }: Held, now: Readonly<Record<string, string>>): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const [last, value, usual] = [said(field.last, words), said(ticked(field.last, now[name] ?? ""), words), said(field.default, words)];
    if (value === last) return [];
    const line = fill(words.changed, { label: field.label, last, now: value });
    return [usual === value || usual === last ? line : `${line} (${fill(words.default, { default: usual })})`];
  });
}

/** A box that is not ticked is not in the form at all. */
function ticked(last: unknown, value: string): unknown {
  return typeof last === "boolean" ? value !== "" : value;
}

function said(value: unknown, { on, off, none }: Held["words"]): string {
  if (typeof value === "boolean") return value ? on : off;
  return value === null || value === undefined || value === "" ? none : String(value);
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Keep the list in `holder` as the form around it stands. */
export function showChanges(holder: HTMLElement): void {
  const form = holder.closest("form");
  const list = holder.querySelector("ul");
  const given = document.getElementById(holder.dataset["changes"] ?? "")?.textContent;
  if (!form || !list || !given) return;
  const held = JSON.parse(given) as Held;
  const show = (): void => {
    const now = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const lines = changes(held, now);
    list.replaceChildren(
      ...lines.map((line) => {
        const item = document.createElement("li");
        item.textContent = line;
        return item;
      }),
    );
    holder.hidden = lines.length === 0;
  };
  form.addEventListener("input", show);
  show();
}
