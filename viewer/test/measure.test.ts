import { describe, expect, it } from "vitest";
import type { Point } from "../src/geometry";
import { measuresOf, shown } from "../src/measure";
import type { Geometry } from "../src/types";

const nothing = {
  perimeter: null,
  length: null,
  area: null,
  long_diameter: null,
  short_diameter: null,
};

describe("the measures of a saved shape", () => {
  it("are the server's, also where they differ from those of the drawing", () => {
    const points = Array.from({ length: 900 }, (_, n): Point => {
      const turn = (n / 900) * 2 * Math.PI;
      return [100 + 50 * Math.cos(turn), 100 + 50 * Math.sin(turn)];
    });
    const outline: Geometry = { shape: "freehand", points, closed: true };
    const px = { ...nothing, long_diameter: 123.4 };
    const mm = { ...nothing, area: 10.26, long_diameter: 61.7 };
    const texts = (saved: Parameters<typeof measuresOf>[2]) =>
      measuresOf(outline, null, saved).map(shown);
    expect(texts({ px, mm: null })).toEqual(["Longest 123 px"]);
    expect(texts({ px, mm })).toEqual(["Area 10.3 mm²", "Longest 61.7 mm"]);
    expect(texts(null)).toHaveLength(2);
  });

  it("are named as those of the drawing", () => {
    const cross: Geometry = {
      shape: "bidirectional",
      long: [
        [0, 0],
        [9, 0],
      ],
      short: [
        [4, 0],
        [4, 3],
      ],
    };
    const drawn = measuresOf(cross, null);
    const px = { ...nothing, long_diameter: 9, short_diameter: 3 };
    expect(measuresOf(cross, null, { px, mm: null })).toEqual(drawn);
  });
});
