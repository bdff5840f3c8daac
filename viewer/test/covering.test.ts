import { describe, expect, it } from "vitest";
import { coveredPlanes, coverNote, textOutlines } from "../src/covering";

const part = [4, 6, 20, 8] as const;

describe("what is covered of an image", () => {
  it("is said beside it, with how many parts", () => {
    expect(coverNote({ mask: [part], border_text: [part] })).toBe("1 part covered");
    expect(coverNote({ mask: [part, part], border_text: [] })).toBe("2 parts covered");
    expect(coverNote({ mask: [], border_text: [] })).toBe("");
  });

  it("is said of planes through slices of which one has a cover", () => {
    expect(coveredPlanes([{ mask: [] }, { mask: [part] }])).toContain("parts of slices covered");
    expect(coveredPlanes([{ mask: [] }])).toBe("");
  });
});

describe("text that was found near the borders", () => {
  it("is said and outlined where it is, until it is covered", () => {
    const found = { mask: [], border_text: [part] };
    expect(coverNote(found)).toBe("text near the border");
    expect(textOutlines(found)).toEqual([
      [
        [4, 6],
        [24, 6],
        [24, 14],
        [4, 14],
      ],
    ]);
    expect(textOutlines({ ...found, mask: [part] })).toEqual([]);
  });
});
