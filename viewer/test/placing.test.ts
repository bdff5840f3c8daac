import { describe, expect, it } from "vitest";
import { beside, inStepWith, shareSpace } from "../src/inStep";
import { cutOf, nearest, planeOf, toPatient, toPixel } from "../src/placing";
import { AXIAL, placed, SAGITTAL, stackOf } from "./placed";

const axial = (z: number) => placed([-50, -80, z]);
const sagittal = (x: number) =>
  placed([x, -80, 40], SAGITTAL, { pixel_spacing: { row: 1, column: 1 } });

describe("a pixel and its place in the patient", () => {
  it("are counted from the corner and from the center of the first pixel", () => {
    const plane = planeOf(axial(12))!;
    expect(toPatient(plane, [0.5, 0.5])).toEqual([-50, -80, 12]);
    expect(toPatient(plane, [10.5, 4.5])).toEqual([-40, -72, 12]); // 1 mm across, 2 mm down
    expect(toPixel(plane, [-40, -72, 99])).toEqual([10.5, 4.5]);
  });

  it("are not known where the file says nothing of one of them", () => {
    expect(planeOf(placed([0, 0, 0], AXIAL, { pixel_spacing: null }))).toBeNull();
    expect(planeOf(placed([0, 0, 0], AXIAL, { image_position: null }))).toBeNull();
    expect(planeOf(placed([0, 0, 0], AXIAL, { image_orientation: null }))).toBeNull();
  });
});

describe("scrolling in step", () => {
  const fine = stackOf([0, 1, 2, 3, 4, 5, 6, 7, 8].map(axial));
  const coarse = stackOf([8, 4, 0].map(axial)); // and in the other order

  it("goes to the slice that lies nearest, whatever the spacing and the order", () => {
    expect([0, 1, 3, 5, 7].map((at) => beside({ stack: fine, index: at }, coarse))).toEqual([
      2, 2, 1, 1, 0,
    ]);
    expect(beside({ stack: coarse, index: 0 }, fine)).toBe(8);
    expect(nearest(fine.images, [0, 0, 500])).toBe(8);
  });

  it("goes by number in another frame of reference, or in another direction", () => {
    expect(beside({ stack: fine, index: 0 }, stackOf(coarse.images, "9.9"))).toBeNull();
    expect(beside({ stack: fine, index: 0 }, stackOf([sagittal(0), sagittal(5)]))).toBeNull();
    const from = { stack: fine, index: 2 };
    expect(inStepWith(from, 2, { stack: stackOf(coarse.images, "9.9"), index: 0 })).toBe(2);
    const crossing = stackOf([sagittal(0), sagittal(5), sagittal(10)]);
    expect(inStepWith(from, 2, { stack: crossing, index: 1 })).toBe(1); // its line moves instead
    expect(shareSpace(stackOf([], ""), stackOf([], ""))).toBe(false);
    expect(beside({ stack: fine, index: 0 }, fine)).toBeNull();
  });
});

describe("the cut of one image through another", () => {
  it("is a line as long as the other reaches", () => {
    // The sagittal image at x = -20: from y = -80.5 to y = 19.5, which is pixel rows 0.25 to 50.25.
    const [from, to] = cutOf(planeOf(axial(0))!, planeOf(sagittal(-20))!)!;
    expect(from[0]).toBeCloseTo(30.5);
    expect(to[0]).toBeCloseTo(30.5);
    expect([from[1], to[1]].sort((a, b) => a - b)).toEqual([0.25, 50.25]);
  });

  it("is none where they do not meet", () => {
    expect(cutOf(planeOf(axial(0))!, planeOf(axial(3))!)).toBeNull();
    expect(cutOf(planeOf(axial(500))!, planeOf(sagittal(0))!)).toBeNull();
  });
});
