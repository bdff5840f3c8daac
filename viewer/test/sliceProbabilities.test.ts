import { describe, expect, it } from "vitest";
import { factsOf, neighbor } from "../src/panels/seriesPicker";
import { highestFirst, probabilitiesOf, sliceAt } from "../src/panels/sliceProbabilities";
import type { Analysis, ViewerImage } from "../src/types";
import { placed, stackOf } from "./placed";

const analysis = (probability: number | null, more: Partial<Analysis> = {}) =>
  ({
    status: probability === null ? "abstained" : "completed",
    probability,
    threshold: probability === null ? null : 0.5,
    model_release: { id: "r2", name: "vgg", version: "2" },
    finished_at: "2026-01-02",
    ...more,
  }) as Analysis;

const slice = (...analyses: Analysis[]): ViewerImage => placed([0, 0, 0], undefined, { analyses });

function seriesOf(images: ViewerImage[], isVisible = true) {
  const stack = stackOf(images);
  Object.assign(stack.study, { info: { ai_visible: isVisible } });
  return stack;
}

const OLD = { model_release: { id: "r1", name: "vgg", version: "1" }, finished_at: "2025-01-01" };
const images = [
  slice(analysis(0.2)),
  slice(analysis(0.9), analysis(0.1, OLD as Partial<Analysis>)),
  slice(analysis(null)),
  slice(analysis(0.99, OLD as Partial<Analysis>)), // by an older release alone
  slice(analysis(0.9)),
];

describe("the probability along the slices", () => {
  it("is what one release says, by name", () => {
    expect(probabilitiesOf(seriesOf(images))).toEqual({
      release: "vgg 2",
      threshold: 0.5,
      slices: [0.2, 0.9, "abstained", null, 0.9],
    });
  });

  it("is that of the release that states something of the series", () => {
    const stack = seriesOf(images);
    stack.statement = { model_release: OLD.model_release } as typeof stack.statement;
    expect(probabilitiesOf(stack)!.slices).toEqual([null, 0.1, null, 0.99, null]);
  });

  it("is not there while the AI results are withheld, nor before the first", () => {
    expect(probabilitiesOf(seriesOf(images, false))).toBeNull();
    expect(probabilitiesOf(seriesOf([slice(), slice()]))).toBeNull();
  });

  it("leads from the highest slice on", () => {
    expect(highestFirst(probabilitiesOf(seriesOf(images))!)).toEqual([1, 4, 0]);
  });

  it("finds the slice under a press, 400 of them as well", () => {
    expect([0, 0.001, 0.5, 0.9999, 1, -1].map((share) => sliceAt(share, 400))).toEqual([
      0, 0, 200, 399, 399, 0,
    ]);
  });
});

describe("a series to pick", () => {
  it("is described by what is known of it", () => {
    const stack = seriesOf(images);
    expect(factsOf({ ...stack, sequence: "T1c", plane: "axial" })).toBe(
      "T1 with contrast · axial · 5 images",
    );
    expect(factsOf({ images: images.slice(0, 1), sequence: null, plane: null })).toBe("1 image");
  });

  it("has neighbors in its study", () => {
    const [one, other] = [seriesOf(images), seriesOf(images)];
    other.study = one.study;
    one.study.stacks = [one, other];
    expect(neighbor(one, 1)).toBe(other);
    expect(neighbor(other, 1)).toBeUndefined();
    expect(neighbor({ ...one, original: other }, -1)).toBe(one); // from a plane cut through it
  });
});
