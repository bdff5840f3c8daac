import { describe, expect, it } from "vitest";
import { captionPlace } from "../src/drawing/layer";
import type { Point } from "../src/geometry";

describe("captions of annotations", () => {
  const box = { width: 800, height: 600 };
  const lines = ["Area 1770 px²", "Length 53.5 px"];
  const annotation = (x: number, y: number): Point[] => [
    [x, y],
    [x + 40, y + 10],
  ];

  it("stand beside their annotation, inside of the viewport", () => {
    expect(captionPlace(annotation(100, 200), box, lines, [])).toEqual([148, 214]);
    const [x] = captionPlace(annotation(750, 200), box, lines, []);
    expect(x).toBeLessThan(750);
  });

  it("do not lie on each other where annotations are close", () => {
    const captions: Parameters<typeof captionPlace>[3] = [];
    const tops = [200, 205, 190, 208].map(
      (y) => captionPlace(annotation(100, y), box, lines, captions)[1],
    );
    const sorted = [...tops].sort((a, b) => a - b);
    sorted.slice(1).forEach((y, n) => {
      expect(y - sorted[n]!).toBeGreaterThanOrEqual(32);
    });
  });
});
