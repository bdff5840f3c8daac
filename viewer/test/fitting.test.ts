import { describe, expect, it } from "vitest";
import { staying } from "../src/fitting";

const groups = [
  { rank: 3, width: 100 },
  { rank: 1, width: 100 },
  { rank: 2, width: 100 },
];

describe("the bar of icons", () => {
  it("keeps every group where they fit, without a button for the menu", () => {
    expect(staying(groups, 320, 10, 50)).toEqual([true, true, true]);
  });
  it("puts the lowest ranks into the menu first, whose button needs room itself", () => {
    expect(staying(groups, 319, 10, 50)).toEqual([true, false, true]);
    expect(staying(groups, 269, 10, 50)).toEqual([true, false, false]);
  });
  it("keeps one that fits where one of a higher rank is too wide", () => {
    const [wide, narrow] = [
      { rank: 2, width: 300 },
      { rank: 1, width: 100 },
    ];
    expect(staying([wide!, narrow!], 200, 10, 50)).toEqual([false, true]);
  });
  it("leaves the menu alone where not even one group fits", () => {
    expect(staying(groups, 60, 10, 50)).toEqual([false, false, false]);
  });
});
