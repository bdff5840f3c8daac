import { describe, expect, it } from "vitest";
import { isUnderWay } from "../src/newResults";
import {
  coverageOf,
  dateOf,
  learnResults,
  type OpenStudy,
  outlineOfRegion,
  runsOf,
  seriesOpinionOf,
} from "../src/studies";
import type { Region, SeriesStatement, ViewerStudy } from "../src/types";

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
      "The series: tumor detected, probability of a tumor 0.849, above the threshold 0.500",
    );
    expect(seriesOpinionOf({ ...statement, probability: 0.99999 })).toContain(">0.999");
    const below: SeriesStatement = { ...statement, label: "no_tumor", probability: 0.49999 };
    expect(seriesOpinionOf(below)).toContain(
      "no tumor detected, probability of a tumor <0.500, below",
    );
  });

  it("names the slices that carry it by runs", () => {
    const slices = [7, 2, 3, 4, 9].map((number) => ({ image: `i${number}`, number }));
    expect(runsOf(slices)).toEqual([
      { words: "2–4", first: slices[1] },
      { words: "7", first: slices[0] },
      { words: "9", first: slices[4] },
    ]);
    expect(runsOf([])).toEqual([]);
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

describe("results that come while a study is open", () => {
  const infoOf = (status: string, more = {}) =>
    ({
      ai_visible: true,
      series: [
        { id: "s", statement: null, images: [{ id: "i", analyses: [{ id: "a", status }] }] },
      ],
      ...more,
    }) as unknown as ViewerStudy;
  const open = (status: string, more = {}) => {
    const info = infoOf(status, more);
    const study = { info, stacks: [] } as unknown as OpenStudy;
    study.stacks = info.series.map((one) => ({
      ...one,
      series: one.id,
      study,
      name: "",
      frameOfReference: "",
    }));
    return study;
  };

  it("are looked for while analyses are under way, where they are shown at all", () => {
    expect(["queued", "running"].map((one) => isUnderWay(open(one)))).toEqual([true, true]);
    expect(["completed", "failed"].map((one) => isUnderWay(open(one)))).toEqual([false, false]);
    expect(isUnderWay(open("queued", { ai_visible: false }))).toBe(false);
  });

  it("are taken over, and it is known whether there are any", () => {
    const study = open("running");
    expect(learnResults(study, infoOf("running"))).toBe(false);
    expect(learnResults(study, infoOf("completed"))).toBe(true);
    expect(study.stacks[0]!.images[0]!.analyses[0]!.status).toBe("completed");
    expect(isUnderWay(study)).toBe(false);
  });
});
