// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { showInstructions } from "./instructions";

const SOURCE = "# Look closely\n- the step **before** $x^2$\n\n<b>plain</b> \u202e text";

function shown(attributes = ""): HTMLElement {
  document.body.innerHTML = `<textarea id="field"></textarea><div id="here" data-instructions="field" data-formulas="as written" ${attributes}></div>`;
  const element = document.getElementById("here") as HTMLElement;
  element.textContent = SOURCE;
  showInstructions([element]);
  return element;
}

describe("instructions on a page", () => {
  beforeEach(() => document.body.replaceChildren());

  it("have headings, lists and bold, and formulas as they were written with a quiet note", () => {
    const element = shown();
    expect(element.querySelector("h3")?.textContent).toBe("Look closely");
    expect(element.querySelector("li strong")?.textContent).toBe("before");
    expect(element.querySelector("li code")?.textContent).toBe("$x^2$");
    expect(element.querySelector(".hint")?.textContent).toBe("as written");
  });

  it("never become markup, and name characters that would not be seen", () => {
    const element = shown();
    expect(element.querySelector("b")).toBeNull();
    expect(element.textContent).toContain("<b>plain</b> [U+202E] text");
  });

  it("follow the field while somebody writes", () => {
    const element = shown();
    const field = document.getElementById("field") as HTMLTextAreaElement;
    field.value = "1. first\n2. second";
    field.dispatchEvent(new Event("input"));
    expect([...element.querySelectorAll("ol > li")].map((item) => item.textContent)).toEqual(["first", "second"]);
    expect(element.querySelector(".hint")).toBeNull();
  });
});
