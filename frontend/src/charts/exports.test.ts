import { expect, it } from "vitest";
import { csv } from "./exports";

it("writes a column a series, with its band, and leaves out what is not known", () => {
  const data = { x: [1, 2], x_label: "Round", series: [{ label: "Step AUC", values: [90.5, null], low: [80, null], high: [95, null] }, { label: "Best of N", values: [50, 60] }] };
  expect(csv(data)).toBe("Round,Step AUC,Step AUC low,Step AUC high,Best of N\r\n1,90.5,80,95,50\r\n2,,,,60\r\n");
});

it("quotes what would break a line, and lets no name become a formula", () => {
  const data = { x: [1], x_label: "N, sampled", series: [{ label: '=HYPERLINK("x")', values: [1] }] };
  expect(csv(data)).toBe("\"N, sampled\",\"'=HYPERLINK(\"\"x\"\")\"\r\n1,1\r\n");
});
