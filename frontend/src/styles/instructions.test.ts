// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

let showInstructions: typeof import("./instructions").showInstructions;

const SOURCE = "# Look closely\n- the step **before** $x^2$\n\n<b>plain</b> \u202e text";

function shown(attributes = ""): HTMLElement {
  document.body.innerHTML = `<textarea id="field"></textarea><div id="here" data-instructions="field" data-cannot-render="as source" ${attributes}></div>`;
  const element = document.getElementById("here") as HTMLElement;
  element.textContent = SOURCE;
  (document.getElementById("field") as HTMLTextAreaElement).value = SOURCE;
  showInstructions([element]);
  return element;
}

describe("instructions on a page", () => {
  beforeAll(() => import("./passages"), 20_000);

  beforeEach(async () => {
    document.body.replaceChildren();
    vi.resetModules();
    ({ showInstructions } = await import("./instructions"));
  });

  it("have headings, lists and bold, and formulas as they were written until they can be drawn", async () => {
    const element = shown();
    expect(element.querySelector("h3")?.textContent).toBe("Look closely");
    expect(element.querySelector("li strong")?.textContent).toBe("before");
    expect(element.querySelector("li code")?.textContent).toBe("$x^2$");
    await vi.waitFor(() => expect(element.querySelector("li .katex")).not.toBeNull(), 4_000);
    expect(element.querySelector("li code")).toBeNull();
    expect(element.querySelector("li strong")?.textContent).toBe("before");
  });

  it("keep their formulas as written where the drawing does not come", async () => {
    vi.doMock("./passages", () => Promise.reject(new TypeError("no network")));
    const element = shown();
    await new Promise((resolve) => setTimeout(resolve, 20));
    vi.doUnmock("./passages");
    expect(element.querySelector("li code")?.textContent).toBe("$x^2$");
  });

  it("never become markup, and name characters that would not be seen", () => {
    const element = shown();
    expect(element.querySelector("b")).toBeNull();
    expect(element.textContent).toContain("<b>plain</b> [U+202E] text");
  });

  it("draw what was written while the drawing was on its way", async () => {
    const element = shown();
    const field = document.getElementById("field") as HTMLTextAreaElement;
    field.value = "now $y$";
    field.dispatchEvent(new Event("input"));
    await vi.waitFor(() => expect(element.querySelector(".katex")).not.toBeNull(), 4_000);
    expect(element.querySelector(".katex-html")?.textContent).toBe("y");
    expect(element.querySelector("h3")).toBeNull();
  });

  it("follow the field while somebody writes", () => {
    const element = shown();
    const field = document.getElementById("field") as HTMLTextAreaElement;
    field.value = "1. first\n2. second";
    field.dispatchEvent(new Event("input"));
    expect([...element.querySelectorAll("ol > li")].map((item) => item.textContent)).toEqual(["first", "second"]);
  });
});
