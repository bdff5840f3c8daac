import { describe, expect, it } from "vitest";
import { textOf } from "../src/api";

describe("a problem", () => {
  it("that names fields says what is wrong with each", () => {
    const errors = { geometry: { points: ["A point lies outside the image."] } };
    expect(textOf({ detail: "Correct the fields named in `errors`.", errors })).toBe(
      "A point lies outside the image.",
    );
  });

  it("says its own sentence else", () => {
    expect(textOf({ detail: "The label is not on the list.", errors: {} })).toBe(
      "The label is not on the list.",
    );
    expect(textOf({})).toBeUndefined();
  });
});
