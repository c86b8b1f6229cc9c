// The guide in German: the same ratings, the same examples.

import type { Guide } from "./guide";

const PAIRS = "Was ist die Summe der ganzen Zahlen von $1$ bis $40$?";

export const de: Guide = {
  ratings: [
    {
      rating: 1,
      meaning:
        "Richtig, zur Sache, ohne Seltsames, in etwa 30 Sekunden ohne Papier nachgeprüft, und es bringt die Lösung voran: was gute Lernende als Nächstes versuchen würden, auch wenn sich ein anderer Weg als besser erweist.",
      examples: [
        { problem: PAIRS, step: "Die erste Zahl bildet mit der letzten ein Paar, die zweite mit der vorletzten und so weiter: jedes Paar ergibt $41$.", why: "Richtig, auf einen Blick zu sehen, und die Lösung ruht darauf." },
        { problem: "Löse $x^2 - 6x + 5 = 0$.", step: "Die Lösungsformel gibt $x = 3 \\pm \\sqrt{9 - 5}$.", why: "Faktorisieren wäre kürzer. Auch das führt zum Ziel, und Gut muss nicht das Beste sein." },
      ],
    },
    {
      rating: 0,
      meaning: "All das, aber die Lösung steht, wo sie stand: wiederholt die Aufgabe, ermuntert, kündigt an oder dreht sich im Kreis.",
      examples: [
        { problem: PAIRS, step: "Wir müssen vierzig Zahlen addieren, deren kleinste $1$ ist.", why: "Wahr, und das stand schon in der Aufgabe." },
        { problem: PAIRS, step: "Die Paare sind eine gute Idee. Machen wir damit weiter.", why: "Daran ist nichts falsch und nichts neu." },
      ],
    },
    {
      rating: -1,
      meaning:
        "Alles Falsche oder Unvernünftige: ein falscher Satz, ein Schluss, der nicht folgt, am Thema vorbei, Unsinn, eine Sackgasse, die sofort als solche zu erkennen ist. Auch was stimmt, sich aber nicht nachprüfen lässt, weil die Rechnung fehlt oder ein Bild oder Link gebraucht wird, der nicht da ist.",
      examples: [
        { problem: PAIRS, step: "Das macht $40$ Paare, also ist die Summe $40 \\cdot 41 = 1640$.", why: "Vierzig Zahlen sind zwanzig Paare." },
        { problem: PAIRS, step: "Man sieht leicht, dass die Summe $820$ ist.", why: "820 stimmt, aber nichts erlaubt, das nachzuprüfen." },
        { problem: "Welche Zahlen $x$ erfüllen $x^2 = 9$?", step: "Die Wurzel aus $9$ ist $3$, also $x = 3$.", why: "Ein Fall fehlt: −3. Eine Endantwort ist nur Gut, wo sie aus vollständiger Begründung folgt." },
      ],
    },
  ],
  unsure: "Keine der drei passt. Sparsam verwenden; es kann neben einer Bewertung stehen oder an ihrer Stelle.",
  fineNotes: "Bewertet wird die Sache, nicht Rechtschreibung oder Stil. Die Referenzantwort kann falsch sein; es gelten die Schritte.",
  course: {
    "whole-solution": [
      "Die Schritte von oben an bewerten, bis zum ersten schlechten oder bis zum Ende. Nach dem ersten schlechten Schritt wird nach nichts mehr gefragt.",
      "Danach lässt sich sagen, was falsch ist, und die Alternativen zu diesem Schritt lassen sich bewerten, alle oder keine.",
      "Bis zum Abschicken lässt sich jede Bewertung ändern; danach lassen sich die letzten zehn Einträge noch einmal öffnen.",
      "Aufgeben nach zwei oder drei Minuten ohne Fortschritt. Eine Aufgabe ist fehlerhaft, wenn sie etwas nicht Gezeigtes braucht, durch etwas Falsches unklar wird, nichts Bestimmtes fragt oder vier und mehr Teile hat.",
    ],
    "step-by-step": [
      "Jeden angebotenen Schritt bewerten. Die Lösung geht mit einem der guten weiter; gibt es keinen, mit einem, der Okay ist.",
      "Sind alle schlecht, den nächsten Schritt selbst schreiben: ein Gedanke, ein kurzer Schritt, der Gut wäre, nicht der ganze Weg.",
      "Schluss ist, wenn ein Schritt die Endantwort nennt. Bis dahin lassen sich frühere Runden öffnen und korrigieren.",
      "Aufgeben nach zwei oder drei Minuten ohne Fortschritt. Eine Aufgabe ist fehlerhaft, wenn sie etwas nicht Gezeigtes braucht, durch etwas Falsches unklar wird, nichts Bestimmtes fragt oder vier und mehr Teile hat.",
    ],
  },
  words: {
    course: "Wie ein Eintrag abläuft",
    examples: "Beispiele",
    project: "In diesem Projekt",
    practise: "Mit Beispielen üben",
    toDesk: "Zum Bewerten",
  },
};
