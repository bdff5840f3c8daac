import { describe, expect, it } from "vitest";
import { dateOf, outlineOfRegion } from "../src/studies";
import type { Region } from "../src/types";

describe("a suspected region", () => {
  it("is outlined through the centers of its border's pixels", () => {
    const polygon: [number, number][] = [
      [0, 0],
      [4, 0],
      [4, 3],
    ];
    const region: Region = { polygon, score: 0.9, area_px: 12, area_mm2: null };
    expect(outlineOfRegion(region)).toEqual([
      [0.5, 0.5],
      [4.5, 0.5],
      [4.5, 3.5],
    ]);
  });
});

describe("a date", () => {
  it("is written as on the pages", () => {
    expect(dateOf("2026-09-05")).toBe("5 Sep 2026");
  });
});
