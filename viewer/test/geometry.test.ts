import { describe, expect, it } from "vitest";
import type { Frame } from "../src/frames";
import {
  centerOf,
  fromPoints,
  fromTwoPoints,
  handlesOf,
  moved,
  orderedDiameters,
  type Point,
  withHandle,
} from "../src/geometry";
import { crossesItself, measuresOf, shown, valuesInside } from "../src/measure";
import type { Geometry } from "../src/types";

const square: Geometry = { shape: "rectangle", x: 10, y: 20, width: 4, height: 6 };

describe("shapes", () => {
  it("come from two points in any order", () => {
    expect(fromTwoPoints("rectangle", [14, 26], [10, 20])).toEqual(square);
    expect(fromTwoPoints("ellipse", [0, 0], [10, 4])).toMatchObject({ cx: 5, cy: 2, rx: 5, ry: 2 });
    expect(fromTwoPoints("length", [1, 1], [1, 1.2])).toBeNull();
  });

  it("keep the opposite corner when one is pulled, also turned", () => {
    const turned = { ...square, rotation: 30 } as Geometry;
    const fixed = handlesOf(turned)[2]!;
    const pulled = handlesOf(withHandle(turned, 0, [5, 15]));
    const nearest = Math.min(...pulled.map(([x, y]) => Math.hypot(x - fixed[0], y - fixed[1])));
    expect(nearest).toBeLessThan(0.01);
  });

  it("move as a whole", () => {
    const shapes: Geometry[] = [
      square,
      { shape: "arrow", tail: [0, 0], head: [4, 4], text: "" },
      {
        shape: "polygon",
        points: [
          [0, 0],
          [4, 0],
          [4, 4],
        ],
      },
      orderedDiameters(
        [
          [0, 0],
          [4, 0],
        ],
        [
          [2, -1],
          [2, 1],
        ],
      ),
    ];
    for (const shape of shapes) {
      const [before, after] = [centerOf(shape), centerOf(moved(shape, 3, -2))];
      expect(after[0] - before[0]).toBeCloseTo(3);
      expect(after[1] - before[1]).toBeCloseTo(-2);
    }
  });

  it("call the longer diameter the long one", () => {
    expect(
      orderedDiameters(
        [
          [0, 0],
          [1, 0],
        ],
        [
          [0, 0],
          [0, 9],
        ],
      ),
    ).toMatchObject({
      long: [
        [0, 0],
        [0, 9],
      ],
    });
  });

  it("close a freehand line that comes back to where it began", () => {
    const ring = Array.from(
      { length: 40 },
      (_, n): Point => [50 + 20 * Math.cos(n / 6), 50 + 20 * Math.sin(n / 6)],
    );
    expect(fromPoints("freehand", ring)).toMatchObject({ closed: true });
    expect(fromPoints("freehand", ring.slice(0, 12))).toMatchObject({ closed: false });
    expect(fromPoints("polygon", ring.slice(0, 2))).toBeNull();
  });
});

describe("measures", () => {
  const text = (geometry: Geometry, spacing: { row: number; column: number } | null) =>
    measuresOf(geometry, spacing).map(shown).join(", ");

  it("are pixels where the file has no scale, and millimeters only where it has one", () => {
    expect(text(square, null)).toBe("Width x height 4.0 x 6.0 px, Area 24.0 px²");
    expect(text(square, { row: 0.5, column: 2 })).toBe(
      "Width x height 8.0 x 3.0 mm, Area 24.0 mm²",
    );
    expect(text({ shape: "length", start: [0, 0], end: [3, 4] }, { row: 2, column: 2 })).toBe(
      "Length 10.0 mm",
    );
  });

  it("give no area of an outline that crosses itself", () => {
    const eight: Point[] = [
      [0, 0],
      [10, 10],
      [10, 0],
      [0, 10],
    ];
    expect(crossesItself(eight)).toBe(true);
    expect(text({ shape: "freehand", points: eight, closed: true }, null)).not.toContain("Area");
  });

  it("take the values whose centers lie inside", () => {
    const pixels = new Uint8Array(100).map((_, n) => (n % 10 < 5 ? 10 : 30));
    const frame = { rows: 10, columns: 10, samples: 1, bits: 8, pixels } as unknown as Frame;
    const inside = valuesInside({ shape: "rectangle", x: 4, y: 0, width: 2, height: 10 }, frame);
    expect(inside).toEqual({ mean: 20, deviation: 10, count: 20 });
  });
});

describe("an angle", () => {
  const angle: Geometry = { shape: "angle", start: [40, 20], vertex: [20, 20], end: [40, 40] };

  it("is in degrees, as it is on the patient where pixels are not square", () => {
    expect(measuresOf(angle, null).map(shown)).toEqual(["Angle 45.0°"]);
    const spacing = { row: 1, column: Math.sqrt(3), manual: true };
    expect(measuresOf(angle, spacing).map(shown)).toEqual(["Angle 30.0°"]);
  });
});
