// Runs before any script of the page, in every frame: notices what hostile text brings about, and can look for what it should not.
window.seen = { pwned: 0, violations: [] };
window.pwned = () => {
  seen.pwned += 1;
};
addEventListener("securitypolicyviolation", (event) => seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`));

const LIVELY =
  /^(script|img|image|iframe|frame|object|embed|link|meta|base|style|video|audio|template|use|foreignobject|animate|set|portal|marquee)$/i;
const FORM = /^(form|input|button|textarea|select|details|a)$/i;
const BROUGHT = /^on|^(href|src|srcset|srcdoc|id|name|xlink:href|action|formaction|background|poster|autofocus|tabindex)$/i;

window.witness = {
  /** Elements and attributes that text has become: any of them in a text's box, the lively ones in what pages show of names too. */
  madeOfText: () => {
    const inBoxes = [...document.querySelectorAll(".passage *")].filter(
      (one) => LIVELY.test(one.localName) || FORM.test(one.localName) || one.getAttributeNames().some((name) => BROUGHT.test(name)),
    );
    const onPages = [...document.querySelectorAll("main :is(td, th, bdi, li, dd, p, h1, h2) *")].filter(
      (one) => LIVELY.test(one.localName) || one.getAttributeNames().some((name) => /^on/i.test(name)),
    );
    return [...inBoxes, ...onPages].map((one) => one.outerHTML.slice(0, 200));
  },
  /** Boxes of text that are not shut, reach out of what is around them, or widen the page. */
  outside: async () => {
    // The desk parts its foot in script: it has seen a new width a frame later.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const wrong = [];
    for (const text of document.querySelectorAll(".passage")) {
      const box = text.closest(".prose") ?? text;
      const style = getComputedStyle(box);
      const set = getComputedStyle(text).unicodeBidi === "isolate" && text.localName === "bdi";
      const shut = set && style.contain.includes("paint") && style.overflowY !== "visible";
      const [own, around] = [box.getBoundingClientRect(), box.parentElement.getBoundingClientRect()];
      // Instructions are read to their end in a dialog that scrolls, and cover nothing.
      const low = own.height <= 6_500 || box !== text;
      const inside = own.left >= around.left - 1 && own.right <= around.right + 1 && low;
      if (!shut || !inside) wrong.push(`${box.textContent.slice(0, 40)} ${style.contain} ${JSON.stringify(own)} in ${JSON.stringify(around)}`);
    }
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) {
      const wide = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > page.clientWidth);
      wrong.push(`the page is ${page.scrollWidth} wide`, ...wide.slice(0, 4).map((one) => one.outerHTML.slice(0, 120)));
    }
    return wrong;
  },
  /** What lies on top of a box, at points all over it, and is no part of it. */
  covered: (box) => {
    box.scrollIntoView({ block: "center" });
    const { left, top, width, height } = box.getBoundingClientRect();
    const points = [0.02, 0.2, 0.5, 0.8].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [left + x * width, top + y * height]));
    return points
      .map(([x, y]) => document.elementFromPoint(x, y))
      .filter((one) => !box.contains(one))
      .map((one) => one?.outerHTML.slice(0, 100) ?? "nothing");
  },
  /** What a person reads of each step, without the notes that the desk adds. */
  read: (kind) =>
    [...document.querySelectorAll(`[data-testid^='${kind}-'] .passage`)].map((box) => {
      const copy = box.cloneNode(true);
      copy.querySelectorAll(".unrendered-note, .katex-mathml").forEach((one) => one.remove());
      return copy.textContent;
    }),
};
