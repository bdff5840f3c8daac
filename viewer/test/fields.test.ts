import { describe, expect, it } from "vitest";
import { fromTwoPoints, type Point, type Shape } from "../src/geometry";
import { fieldsOf } from "../src/panels/fields";
import type { Geometry } from "../src/types";

const ring = (count: number): Point[] =>
  Array.from({ length: count }, (_, n) => [
    50 + 20 * Math.cos((n * 2 * Math.PI) / count),
    50 + 10 * Math.sin((n * 2 * Math.PI) / count),
  ]);

const shapes: Geometry[] = [
  ...(["rectangle", "ellipse", "arrow", "length", "bidirectional"] as Shape[]).map(
    (shape) => fromTwoPoints(shape, [10, 20], [40, 60])!,
  ),
  { shape: "polygon", points: ring(5) },
  { shape: "freehand", points: ring(40), closed: true },
];

describe("the numbers of a shape", () => {
  it("can each be typed, and change nothing else", () => {
    for (const geometry of shapes) {
      const fields = fieldsOf(geometry);
      expect(fields.length).toBeGreaterThanOrEqual(4);
      for (const [n, field] of fields.entries()) {
        const after = fieldsOf(field.with(field.value + 3)).map(({ value }) => value);
        const wanted = fields.map(({ value }, m) => value + (m === n ? 3 : 0));
        after.forEach((value, m) => {
          expect(value).toBeCloseTo(wanted[m]!, 2);
        });
      }
    }
  });

  it("are those of the frame around a long outline", () => {
    const fields = fieldsOf({ shape: "freehand", points: ring(40), closed: true });
    expect(fields.map(({ name }) => name)).toEqual(["Left", "Top", "Width", "Height"]);
  });
});
