import { describe, expect, it } from "vitest";
import type { Point } from "../src/geometry";
import { measuresOf, shown } from "../src/measure";
import type { Geometry } from "../src/types";

const nothing = {
  perimeter: null,
  length: null,
  area: null,
  width: null,
  height: null,
  long_axis: null,
  short_axis: null,
  long_diameter: null,
  short_diameter: null,
  angle: null,
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
    expect(texts({ px, mm: null, scale: null })).toEqual(["Longest diameter 123 px"]);
    expect(texts({ px, mm, scale: "file" })).toEqual(["Longest diameter 61.7 mm", "Area 10.3 mm²"]);
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
    expect(measuresOf(cross, null, { px, mm: null, scale: null })).toEqual(drawn);
  });

  it("have the names of the shape, also while it is drawn", () => {
    const rectangle: Geometry = { shape: "rectangle", x: 0, y: 0, width: 40, height: 20 };
    const ellipse: Geometry = { shape: "ellipse", cx: 50, cy: 50, rx: 10, ry: 20, rotation: 30 };
    const texts = (geometry: Geometry, spacing: { row: number; column: number } | null = null) =>
      measuresOf(geometry, spacing).map(shown);
    expect(texts(rectangle)).toEqual(["Width x height 40.0 x 20.0 px", "Area 800 px²"]);
    expect(texts(rectangle, { row: 2, column: 0.5 })).toEqual([
      "Width x height 20.0 x 40.0 mm",
      "Area 800 mm²",
    ]);
    expect(texts(ellipse)).toEqual(["Axes 40.0 x 20.0 px", "Area 628 px²"]);
    expect(texts({ ...ellipse, rotation: 0 }, { row: 0.5, column: 1 })).toEqual([
      "Axes 20.0 x 20.0 mm",
      "Area 314 mm²",
    ]);
  });
});
