// The dialogs in German.

import type { DialogWords } from "./words";

export const de: DialogWords = {
  instructions: "Anleitung",
  keymap: {
    title: "Tasten ändern",
    hint: "Hier eine Taste anklicken, dann die neue drücken. Eigene Tasten gelten an jedem Rechner.",
    press: "Die neue Taste drücken. Esc lässt alles, wie es war.",
    none: "keine Taste",
    changed: (action, key) => `${action}: jetzt ${key}.`,
    held: (key, action) => `${key} ist die Taste für „${action}“. Zuerst dieser eine andere geben.`,
    reserved: (key) => `${key} gehört dem Browser oder dem Screenreader.`,
    modified: (key) => `Tasten mit Strg, Alt oder ⌘ (hier ${key}) gehören dem Browser oder dem Screenreader.`,
    reset: "Zurücksetzen",
    resetAll: "Alle Tasten zurücksetzen",
    allReset: "Alle Tasten sind wieder wie am Anfang.",
    unsent: "In diesem Browser gemerkt; wird gesendet, sobald die Verbindung wieder steht.",
  },
  menu: {
    items: "Einträge heute",
    active: "aktiv",
    pace: "Median je Eintrag",
    week: "Die letzten sieben Tage, Einträge am Tag",
    dayItems: (n) => `${n} ${n === 1 ? "Eintrag" : "Einträge"}`,
    noFigures: "Die Zahlen ließen sich gerade nicht laden.",
    size: "Schriftgröße",
    smaller: "Kleiner",
    usual: "Üblich",
    larger: "Größer",
    theme: "Farben",
    themes: { light: "Hell anzeigen", dark: "Dunkel anzeigen" },
    signOut: "Abmelden",
  },
  skip: {
    title: "Zurückgeben, jetzt nicht?",
    hint: "Der Eintrag geht an die Nächsten und kommt wieder, wenn sonst nichts mehr da ist.",
    loses: "Was dazu gesagt wurde, bleibt nicht erhalten.",
    giveBack: "Zurückgeben",
  },
  reason: {
    give_up: { title: "Bei dieser Lösung aufgeben?", hint: "Gedacht für den Fall, dass es nach zwei, drei Minuten nicht weitergeht. Was schon bewertet ist, bleibt erhalten." },
    bad_problem: {
      title: "Ist die Aufgabe selbst fehlerhaft?",
      hint: "Sie braucht etwas, das nicht gezeigt wird, behauptet Falsches und wird dadurch unklar, fragt nichts Bestimmtes oder hat vier oder mehr Teile.",
    },
    commonly: "Häufige Gründe",
    common: ["etwas wird nicht gezeigt", "durch Falsches unklar", "fragt nichts Bestimmtes", "vier oder mehr Teile"],
    why: "Warum?",
    needed: "Ein paar Worte sind nötig.",
  },
  history: {
    title: "Die letzten zehn Einträge",
    empty: "Noch nichts abgeschickt.",
    partly: "Die Liste des Servers ließ sich nicht laden; was in diesem Browser wartet, steht hier.",
    hint: "↑ ↓ und Enter öffnen einen, um ihn zu korrigieren.",
    waiting: "wartet",
    corrected: "korrigiert",
    finish: {
      solution: "kein Fehler",
      found_error: (step) => `erster schlechter Schritt: ${step}`,
      give_up: "aufgegeben",
      bad_problem: "Aufgabe fehlerhaft",
    },
  },
};
