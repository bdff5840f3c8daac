import { describe, expect, it } from "vitest";
import { coverageOf, dateOf, outlineOfRegion, seriesOpinionOf } from "../src/studies";
import type { Region, SeriesStatement } from "../src/types";

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

describe("what the AI states of a series", () => {
  const statement = {
    label: "tumor",
    probability: 0.8492,
    threshold: 0.5,
    slices: 30,
    analyzed: 30,
    abstained: 0,
    is_final: true,
  } as SeriesStatement;

  it("is its probability with the threshold, never as a certainty", () => {
    expect(seriesOpinionOf(statement)).toBe(
      "The series: tumor detected, probability 0.849 (threshold 0.500)",
    );
    expect(seriesOpinionOf({ ...statement, probability: 0.99999 })).toContain(">0.999");
    const below: SeriesStatement = { ...statement, label: "no_tumor", probability: 0.49999 };
    expect(seriesOpinionOf(below)).toContain("no tumor detected, probability <0.500");
  });

  it("is no opinion where there is none", () => {
    const none = { ...statement, label: null, probability: null, threshold: null };
    expect(seriesOpinionOf(none)).toBe("The series: no AI opinion");
  });

  it("says how many slices it is made of", () => {
    expect(coverageOf(statement)).toBe("30 slices analyzed");
    const running = { ...statement, analyzed: 12, is_final: false };
    expect(coverageOf(running)).toBe("So far 12 of 30 slices analyzed");
    const gaps = { ...statement, analyzed: 29, abstained: 1 };
    expect(coverageOf(gaps)).toBe("29 of 30 slices analyzed, no result on 1 slice of the head");
  });
});
