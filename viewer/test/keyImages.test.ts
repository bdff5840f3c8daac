import { expect, it, vi } from "vitest";

vi.stubGlobal("document", { body: { dataset: {} } });
vi.stubGlobal("window", globalThis);
const { whyNot } = await import("../src/tools/keyImages");
type Image = Parameters<typeof whyNot>[0];

it("stars no image of a prior, which this study's report does not list", () => {
  const image = { number: 1 } as Image;
  expect(whyNot(image, null, "")).toBe("");
  expect(whyNot(image, null, "2024-05-03")).toMatch(
    /^This image is of the study of .*2024: star it/,
  );
  expect(whyNot(null, null, "")).toBe("There is no image on the screen to star.");
});
