// Light or dark by the person's own choice: kept in a cookie, so that the server writes it into <html> and no page flashes.

export type Theme = "light" | "dark";

const A_YEAR = 31_536_000;

/** What is on screen now: the choice made here, else the system's. */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Show the other theme now, and on every later page. */
export function toggleTheme(): Theme {
  const next: Theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = next;
  document.cookie = `theme=${next};path=/;max-age=${A_YEAR};samesite=lax`;
  return next;
}
