// Practice in German: the same items, the same ratings.

import type { PracticeContent } from "./content";

export const de: PracticeContent = {
  words: {
    headline: {
      found: (step) => `Fehler gefunden: Schritt ${step}.`,
      foundOneOf: (step, others) => `Schritt ${step} kommt als Ort des Fehlers in Frage, ebenso ${others}.`,
      noneToFind: "Richtig: hier gibt es keinen Fehler zu finden.",
      missed: (expected) => `Es gibt einen Fehler: ${expected}.`,
      elsewhere: (yours, expected) => `Der Fehler liegt bei ${expected}, nicht bei Schritt ${yours}.`,
      noneThere: (yours) => `Hier gibt es keinen Fehler, auch nicht in Schritt ${yours}.`,
      badProblem: "Richtig: die Aufgabe selbst ist fehlerhaft.",
      notBadProblem: "Die Aufgabe ist in Ordnung, ihre Lösung lässt sich bewerten.",
      overlookedBadProblem: "Die Aufgabe selbst ist fehlerhaft: melden, statt die Schritte zu bewerten.",
      gaveUp: "Hier wurde aufgegeben. Das war erwartet:",
      goodWay: "Richtig: jeder Schritt, mit dem die Lösung weiterging, war vertretbar.",
      badWay: (turn) => `Die Lösung ging mit einem schlechten Schritt weiter: Schritt ${turn}.`,
    },
    step: (n) => `Schritt ${n}`,
    or: "oder",
    stepByStep: "Schritt für Schritt",
    turn: (n) => `Schritt ${n}`,
    written: "Geschrieben",
    ours: "Zum Beispiel",
    ownHint: "Ein Gedanke, richtig, auf einen Blick nachzuprüfen und ein Schritt voran? Dann ist er so gut wie dieser.",
    alternatives: "Alternativen",
    yours: "Gegeben",
    expected: "Erwartet",
    verdict: { same: "wie erwartet", other: "anders", open: "offen", unasked: "nach dem ersten schlechten Schritt wird nicht gefragt" },
    matched: (same, asked) => `${same} von ${asked} Bewertungen wie erwartet`,
    lesson: "Was hier zu sehen ist",
    next: "Nächste",
    finishUp: "Zum Schluss",
    doneTitle: "Das war die Übung",
    doneHint: (found, total) =>
      found === total
        ? `Alle ${total} wie erwartet beurteilt. Beim Bewerten liegt echte Arbeit; die Tasten sind dieselben.`
        : `${found} von ${total} wie erwartet beurteilt. Unten steht, was an jeder Aufgabe zu sehen ist; die Anleitung ist beim Bewerten immer nur eine Taste entfernt.`,
    toDesk: "Jetzt bewerten",
    again: "Noch einmal üben",
  },
  solutions: [
    {
      id: "great-or-okay",
      lesson: "Gut bringt die Lösung voran. Ein wahrer Satz, der nichts voranbringt, ist Okay, so freundlich er auch klingt.",
      problem: "Eine Bäckerin legt je $4$ Brötchen in eine Tüte. Sie füllt $6$ Tüten, und $3$ Brötchen bleiben übrig. Wie viele Brötchen hat sie gebacken?",
      reference: "27",
      steps: [
        {
          text: "Gefragt ist, wie viele Brötchen die Bäckerin gebacken hat.",
          ratings: [0],
          why: "Das wiederholt die Frage: richtig, und keinen Schritt weiter.",
        },
        { text: "In den vollen Tüten sind $6 \\cdot 4 = 24$ Brötchen.", ratings: [1], why: "Richtig, auf einen Blick nachgeprüft, und der halbe Weg." },
        {
          text: "Die Multiplikation ist praktisch, wenn es wie bei diesen Tüten um gleich große Gruppen geht.",
          ratings: [0],
          why: "Wahr und beim Thema, aber die Lösung steht, wo sie vorher stand.",
        },
        {
          text: "Mit den $3$ übrigen hat sie $24 + 3 = 27$ Brötchen gebacken.\n\n# Answer\n\n27",
          ratings: [1],
          why: "Die Antwort folgt aus vollständiger Begründung.",
        },
      ],
      answer: "27",
    },
    {
      id: "slip",
      lesson: "Der erste falsche Schritt beendet die Sache. Nach dem, was darauf aufbaut, wird nicht gefragt, auch wenn es sauber gerechnet ist.",
      problem: "Ein Zug fährt um $9{:}40$ Uhr ab und kommt um $12{:}15$ Uhr an. Wie viele Minuten dauert die Fahrt?",
      reference: "155",
      steps: [
        { text: "Von $9{:}40$ bis $12{:}40$ Uhr sind es $3$ Stunden, also $3 \\cdot 60 = 180$ Minuten.", ratings: [1], why: "Richtig und ein guter Anfang: erst die vollen Stunden." },
        { text: "Der Zug kommt vor $12{:}40$ Uhr an, nämlich $35$ Minuten früher.", ratings: [-1], why: "Von 12:15 bis 12:40 sind es 25 Minuten, nicht 35." },
        { text: "Also dauert die Fahrt $180 - 35 = 145$ Minuten.\n\n# Answer\n\n145", ratings: [], why: "" },
      ],
      answer: "145",
    },
    {
      id: "does-not-follow",
      lesson: "Bei jedem „also“ fragen: folgt das? Ein Satz, der wie der vorige klingt, kann trotzdem falsch sein.",
      problem: "Das Quadrat der ganzen Zahl $n$ ist durch $12$ teilbar. Was ist die größte ganze Zahl, die $n$ sicher teilt?",
      reference: "6",
      steps: [
        { text: "Wegen $12 = 2^2 \\cdot 3$ teilen $2$ und $3$ die Zahl $n^2$.", ratings: [1], why: "Richtig, und auf die Primzahlen kommt es hier an." },
        {
          text: "Eine Primzahl, die ein Quadrat teilt, teilt auch die Zahl selbst, und für Produkte von Primzahlen gilt dasselbe.",
          ratings: [-1, 1],
          why: "Richtig für Produkte verschiedener Primzahlen, falsch für 4 = 2 · 2: manche hören schon hier auf, andere lassen es gelten.",
        },
        {
          text: "Nun ist $12 = 2 \\cdot 2 \\cdot 3$ so ein Produkt und teilt $n^2$, also teilt es auch $n$.",
          ratings: [-1],
          why: "Das folgt nicht: für n = 6 ist das Quadrat 36, und 12 teilt zwar 36, aber nicht 6.",
        },
        { text: "Also ist $12$ die größte Zahl, die $n$ sicher teilt.\n\n# Answer\n\n12", ratings: [], why: "" },
      ],
      answer: "12",
    },
    {
      id: "right-by-a-wrong-way",
      lesson: "Die Referenzantwort stimmt, und die Zahl am Ende auch. Der Weg stimmt nicht, und bewertet wird der Weg.",
      problem: "Ein Rechteck ist $3$ cm breit und $6$ cm lang. Wie lang ist sein Rand, in Zentimetern?",
      reference: "18",
      steps: [
        { text: "Der Rand führt einmal um das Rechteck: gefragt ist sein Umfang.", ratings: [0, 1], why: "Sagt, was gesucht ist: für die einen eine Wiederholung, für die anderen ein erster Zug." },
        { text: "Der Umfang ist das Produkt der beiden Seiten, $3 \\cdot 6 = 18$.", ratings: [-1], why: "Das Produkt der Seiten ist der Flächeninhalt. Dass auch 3 + 6 + 3 + 6 gleich 18 ist, ist Zufall." },
        { text: "Der Rand ist $18$ cm lang.\n\n# Answer\n\n18", ratings: [], why: "" },
      ],
      answer: "18",
    },
    {
      id: "leap",
      lesson: "Richtig genügt nicht. Was sich ohne Papier nicht in etwa 30 Sekunden nachprüfen lässt, ist Schlecht. Alternativen werden wie Schritte bewertet.",
      problem: "Wie viele ganze Zahlen von $1$ bis $1000$ haben die Quersumme $5$?",
      reference: "21",
      steps: [
        {
          text: "Wir schreiben jede Zahl unter $1000$ mit drei Ziffern $a$, $b$, $c$, wo nötig mit Nullen davor; $1000$ selbst zählt nicht, ihre Quersumme ist $1$.",
          ratings: [1],
          why: "Richtig, und alle Zahlen sehen jetzt gleich aus.",
        },
        { text: "Wir zählen also die Möglichkeiten, $a + b + c = 5$ mit Ziffern $a$, $b$, $c$ zu schreiben.", ratings: [1, 0], why: "Die Aufgabe in einer Form, die sich zählen lässt; für manche nicht mehr als eine Wiederholung." },
        { text: "Davon gibt es $21$.\n\n# Answer\n\n21", ratings: [-1], why: "21 stimmt, aber das ganze Zählen fehlt: das prüft niemand in 30 Sekunden im Kopf nach." },
      ],
      answer: "21",
      alternatives: [
        {
          text: "Für $a = 0$ gibt es $6$ Paare $(b, c)$, für $a = 1$ gibt es $5$ und so weiter bis $1$ für $a = 5$: zusammen $6 + 5 + 4 + 3 + 2 + 1 = 21$.\n\n# Answer\n\n21",
          ratings: [1],
          why: "Jeder Fall lässt sich nachprüfen, und die Summe stimmt.",
        },
        { text: "Wir wählen die Plätze der fünf Einer unter den drei Ziffern: das sind $\\binom{5}{3} = 10$.\n\n# Answer\n\n10", ratings: [-1], why: "Das zählt etwas anderes, und die Antwort ist falsch." },
      ],
    },
    {
      id: "bad-problem",
      lesson: "Eine Aufgabe, die etwas nicht Gezeigtes braucht, wird mit „Aufgabe fehlerhaft“ gemeldet, was immer die Schritte sagen.",
      problem: "Die Abbildung zeigt ein Quadrat und darin, getönt, ein Dreieck. Das Quadrat ist $6$ cm breit. Wie groß ist der getönte Teil, in Quadratzentimetern?",
      reference: "18",
      badProblem: "Die Abbildung fehlt, und ohne sie kann niemand wissen, welches Dreieck getönt ist.",
      steps: [
        { text: "Der Flächeninhalt des Quadrats ist $6^2 = 36$ Quadratzentimeter.", ratings: [], why: "" },
        { text: "Das Dreieck nimmt die Hälfte des Quadrats ein, hat also $36 : 2 = 18$ Quadratzentimeter.\n\n# Answer\n\n18", ratings: [], why: "" },
      ],
      answer: "18",
    },
    {
      id: "wrong-reference",
      lesson: "Die Referenzantwort kann falsch sein. Wo jeder Schritt hält, gilt die Lösung.",
      problem: "Fünf Freundinnen treffen sich, und jede gibt jeder anderen einmal die Hand. Wie oft werden Hände geschüttelt?",
      reference: "20",
      steps: [
        { text: "Jede der $5$ gibt den $4$ anderen die Hand, das macht $5 \\cdot 4 = 20$.", ratings: [1], why: "So weit richtig: gezählt ist, was jede tut, und noch heißt das nicht Antwort." },
        { text: "Dabei ist jeder Handschlag zweimal gezählt, einmal für jede der beiden.", ratings: [1], why: "Genau das muss auffallen." },
        { text: "Also sind es $20 : 2 = 10$ Handschläge.\n\n# Answer\n\n10", ratings: [1], why: "Das folgt. Bei der Referenzantwort 20 fehlt das Halbieren." },
      ],
      answer: "10",
    },
    {
      id: "stalling",
      lesson: "Okay bleibt Okay, wie viele davon auch aufeinander folgen. Eine lange Kette ist langweilig, nicht falsch.",
      problem: "Welche Zahl $x$ erfüllt $3x + 7 = 22$?",
      reference: "5",
      steps: [
        { text: "Wir suchen eine Zahl $x$, für die $3x + 7$ gleich $22$ ist.", ratings: [0], why: "Noch einmal die Aufgabe." },
        { text: "Gleichungen wie diese lassen sich auf mehrere Arten lösen.", ratings: [0], why: "Wahr, und es kommt nichts dabei heraus." },
        { text: "Mit vertauschten Seiten heißt sie $22 = 3x + 7$.", ratings: [0], why: "Richtig, und kein bisschen leichter als vorher." },
        { text: "Zurückgetauscht ist es wieder $3x + 7 = 22$.", ratings: [0], why: "Zurück am Anfang: hingehalten, aber nichts ist falsch." },
        { text: "Auf beiden Seiten $7$ abgezogen bleibt $3x = 15$.", ratings: [1], why: "Jetzt geht es voran." },
        { text: "Ein Drittel davon ist $x = 5$.\n\n# Answer\n\n5", ratings: [1], why: "Die Antwort folgt und lässt sich prüfen: 3 · 5 + 7 = 22." },
      ],
      answer: "5",
    },
  ],
  talks: [
    {
      id: "rate-all",
      lesson: "Jeder angebotene Schritt wird bewertet, nicht nur der, den man selbst ginge. Die Lösung geht mit einem guten weiter, der ausgelost wird.",
      problem: "Der Rand eines Rechtecks ist $26$ cm lang, eine seiner Seiten $5$ cm. Wie groß ist sein Flächeninhalt, in Quadratzentimetern?",
      reference: "40",
      turns: [
        {
          offered: [
            { text: "Zwei benachbarte Seiten sind zusammen der halbe Rand, $26 : 2 = 13$ cm.", ratings: [1], why: "Richtig, und es führt zur anderen Seite." },
            { text: "Ein Rechteck hat vier Seiten, und gegenüberliegende sind gleich lang.", ratings: [0, 1], why: "Wahr. Für die einen nur, was alle wissen, für die anderen ein brauchbarer Anfang." },
            { text: "Der Flächeninhalt ist $26 \\cdot 5 = 130$ Quadratzentimeter.\n\n# Answer\n\n130", ratings: [-1], why: "Rand mal Seite ist kein Flächeninhalt, auch wenn darunter eine Antwort steht." },
          ],
        },
        {
          offered: [
            { text: "Jetzt sollten wir herausfinden, wie lang die andere Seite ist.", ratings: [0], why: "Eine Ankündigung: richtig, und herausgefunden ist noch nichts." },
            { text: "Der halbe Rand ist $13$ cm, also ist die andere Seite $13 - 5 = 8$ cm lang.", ratings: [1], why: "Richtig, und fast der ganze Weg." },
            { text: "Die andere Seite ist $26 - 5 = 21$ cm lang.", ratings: [-1], why: "Das zieht eine Seite vom ganzen Rand ab; übrig bleiben drei Seiten." },
          ],
        },
        {
          offered: [
            { text: "Wegen $5 + 8 = 13$ ist der Flächeninhalt $13$ Quadratzentimeter.\n\n# Answer\n\n13", ratings: [-1], why: "Für den Flächeninhalt werden die Seiten multipliziert, nicht addiert." },
            { text: "Seiten von $5$ cm und $8$ cm geben einen Flächeninhalt von $5 \\cdot 8 = 40$ Quadratzentimetern.\n\n# Answer\n\n40", ratings: [1], why: "Die Antwort folgt aus dem, was oben steht." },
          ],
        },
      ],
    },
    {
      id: "okay-goes-on",
      lesson: "Ist keiner Gut, genügt ein Schritt, der Okay ist, um weiterzugehen. Gut muss er dafür nicht heißen.",
      problem: "Auf welche Ziffer endet $7^{10}$?",
      reference: "9",
      turns: [
        {
          offered: [
            { text: "Eine Potenz von $7$ endet immer auf $7$.", ratings: [-1], why: "Schon 7 · 7 = 49 endet auf 9." },
            { text: "Gesucht ist die Ziffer, auf die $7^{10}$ endet.", ratings: [0], why: "Noch einmal die Frage: richtig, und keinen Schritt weiter." },
          ],
        },
        {
          offered: [
            { text: "Die Potenzen $7$, $7^2$, $7^3$, $7^4$ enden auf $7$, $9$, $3$, $1$, und von da an wiederholen sich die Ziffern.", ratings: [1], why: "Jede Ziffer folgt aus der vorigen, und das Muster entscheidet die Frage." },
            { text: "Wegen $7 \\cdot 10 = 70$ endet die Potenz $7^{10}$ auf $0$.\n\n# Answer\n\n0", ratings: [-1], why: "Eine Potenz ist kein Produkt mit dem Exponenten." },
          ],
        },
        {
          offered: [
            { text: "Geteilt durch $4$ lässt der Exponent $10$ den Rest $2$, also ist die letzte Ziffer $2$.\n\n# Answer\n\n2", ratings: [-1], why: "Der Rest sagt, die wievielte der vier Ziffern es ist, nicht die Ziffer selbst." },
            { text: "Nach acht Potenzen haben sich die Ziffern zweimal wiederholt, also endet $7^{10}$ wie $7^2$ auf $9$.\n\n# Answer\n\n9", ratings: [1], why: "Das folgt aus dem Muster, und die Antwort ist vollständig." },
          ],
        },
      ],
    },
    {
      id: "write-it",
      lesson: "Sind alle schlecht, den nächsten Schritt schreiben: ein Gedanke, der selbst Gut wäre, nicht der ganze Weg.",
      problem: "Nach einem Rabatt von $20\\,\\%$ kostet ein Mantel $40$ Euro. Was hat er vorher gekostet?",
      reference: "50",
      turns: [
        {
          offered: [
            { text: "Der Rabatt ist $20\\,\\%$ von $40$ Euro, also $8$ Euro; der Mantel hat $48$ Euro gekostet.\n\n# Answer\n\n48", ratings: [-1], why: "Der Rabatt ging vom alten Preis ab, nicht vom neuen." },
            { text: "Mit dem Rabatt zusammen sind es $40 + 20 = 60$ Euro.", ratings: [-1], why: "Prozent sind keine Euro." },
            { text: "Man sieht sofort, dass er $50$ Euro gekostet hat.\n\n# Answer\n\n50", ratings: [-1], why: "50 stimmt, und nichts erlaubt, das nachzuprüfen." },
          ],
          own: "Der neue Preis ist $80\\,\\%$ des alten, also sind $40$ Euro davon $80\\,\\%$.",
        },
        {
          offered: [
            { text: "Der neue Preis ist $80\\,\\%$ des alten, also sind $10\\,\\%$ des alten $40 : 8 = 5$ Euro, und das Ganze sind $50$ Euro.\n\n# Answer\n\n50", ratings: [1], why: "Jeder Teil lässt sich nachprüfen, und die Antwort folgt." },
            { text: "Und $80\\,\\%$ von $40$ Euro sind $32$ Euro.\n\n# Answer\n\n32", ratings: [-1], why: "Das geht in die falsche Richtung: vor dem Rabatt war es mehr." },
          ],
        },
      ],
    },
  ],
};
