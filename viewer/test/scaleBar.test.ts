import { describe, expect, it } from "vitest";
import type { Frame } from "../src/frames";
import { barOf, pixelsPerMillimeter } from "../src/scaleBar";
import { placeNote } from "../src/spacing";
import { pictureOf } from "../src/studies";
import { FIRST_VIEW, toScreen, turned } from "../src/view";
import { furtherWindows, percentiles } from "../src/window";
import { AXIAL, placed } from "./placed";

const BOX = { width: 400, height: 400 };

describe("pixels that are not square", () => {
  const image = placed([0, 0, 0]); // 100 x 80 pixels of 1 x 2 mm

  it("are drawn in their proportion, turned or not", () => {
    const matrix = toScreen(FIRST_VIEW, pictureOf(image), BOX);
    expect(Math.abs(matrix.d / matrix.a)).toBeCloseTo(2);
    const aside = toScreen(turned(FIRST_VIEW, 90), pictureOf(image), BOX);
    expect(Math.abs(aside.c / aside.b)).toBeCloseTo(2);
  });

  it("make a millimeter as long in every direction", () => {
    for (const view of [FIRST_VIEW, turned(FIRST_VIEW, 90)]) {
      // 80 rows of 2 mm stand in 400 pixels of the screen, or across it.
      const matrix = toScreen(view, pictureOf(image), BOX);
      expect(pixelsPerMillimeter(image, matrix)).toBeCloseTo(2.5);
    }
  });
});

describe("the scale bar", () => {
  it("has a round length and at most a quarter of the height", () => {
    expect(barOf(2.5, 400)).toEqual({ millimeters: 20, pixels: 50 });
    expect(barOf(2.5, 1200)).toEqual({ millimeters: 100, pixels: 250 });
    expect(barOf(500, 300)).toBeNull();
  });

  it("is there by a manual calibration, and not where no size is known", () => {
    const unknown = placed([0, 0, 0], AXIAL, { pixel_spacing: null });
    const matrix = toScreen(FIRST_VIEW, pictureOf(unknown), BOX); // 4 pixels a pixel
    expect(pixelsPerMillimeter(unknown, matrix)).toBeNull();
    const calibrated = { ...unknown, calibration: { mm_per_pixel: 0.5 } } as typeof unknown;
    expect(pixelsPerMillimeter(calibrated, matrix)).toBeCloseTo(8);
  });

  it("stands beside where the slice lies and how thick it is", () => {
    const more = { slice_position: -12.345, slice_thickness: 3.5 };
    expect(placeNote(placed([0, 0, 0], AXIAL, more))).toBe(" · -12.3 mm\n3.5 mm thick");
    expect(placeNote(placed([0, 0, 0], AXIAL, { slice_position: null }))).toBe("");
  });
});

describe("windows of the pixels", () => {
  // 900 pixels of air, 1 to 100 once each, one hot pixel.
  const values = [...Array(900).fill(0), ...Array.from({ length: 100 }, (_, n) => n + 1), 150];
  const frame = {
    minimum: 0,
    maximum: 150,
    pixels: Uint16Array.from(values),
    windows: [
      { center: 1, width: 2 },
      { center: 5, width: 6 },
    ],
  } as unknown as Frame;

  it("leave out the air and what is as good as alone", () => {
    const { center, width } = percentiles(frame, 0.05, 0.95);
    const [low, high] = [center - width / 2, center + width / 2];
    expect(low).toBeGreaterThan(6);
    expect(high).toBeLessThan(100);
  });

  it("of a blank image are as wide as one value", () => {
    const blank = { ...frame, minimum: 7, maximum: 7, pixels: Uint16Array.from([7, 7]) };
    expect(percentiles(blank as Frame, 0.01, 0.99)).toEqual({ center: 7, width: 1 });
  });

  it("of the file can be chosen, each after the first", () => {
    expect(furtherWindows(frame)).toEqual([{ center: 5, width: 6 }]);
  });
});
