import { describe, expect, it } from "vitest";
import type { Frame } from "../src/frames";
import { sidesOf } from "../src/orientation";
import { along } from "../src/placing";
import { cut, cutsOf, offsetsOf, thickest } from "../src/planes/cutting";
import { actsOnImages } from "../src/planes/imagesOnly";
import { regularSlices, volumeOf } from "../src/planes/volume";
import { FIRST_VIEW } from "../src/view";
import { AXIAL, placed, SAGITTAL } from "./placed";

const NONE = { join: "none", thickness: 10 } as const;
const SPACING = { pixel_spacing: { row: 1, column: 1 }, width: 6, height: 4, bits_stored: 12 };

const at = (z: number, more = {}) => placed([0, 0, z], AXIAL, { ...SPACING, ...more });
const frame = (pixels: number[], more = {}): Frame =>
  ({
    rows: 4,
    columns: 6,
    bits: 16,
    samples: 1,
    minimum: 0,
    maximum: 999,
    windows: [],
    pixels: Uint16Array.from(pixels),
    ...more,
  }) as unknown as Frame;

/** The value of a voxel says where it is: 100 z + 10 y + x. */
const voxels = (z: number) =>
  frame(Array.from({ length: 24 }, (_, n) => 100 * z + 10 * Math.floor(n / 6) + (n % 6)));

describe("whether planes are cut", () => {
  const why = (images: Parameters<typeof regularSlices>[0]) => regularSlices(images).why ?? "";

  it("is so where the slices lie regularly, whatever their order", () => {
    const { slices } = regularSlices([at(4), at(0), at(2)]);
    expect(slices?.distance).toBe(2);
    expect(slices?.images.map((one) => one.image_position?.[2])).toEqual([0, 2, 4]);
  });

  it("is not so else, with the reason", () => {
    expect(why([at(0), at(2)])).toContain("has 2");
    expect(why([at(0), at(2), at(5)])).toContain("not equally far apart");
    expect(why([at(1), at(1), at(1)])).toContain("in one place");
    expect(why([at(0), at(2), at(4, { image_position: null })])).toContain("do not say");
    expect(why([at(0), at(2), placed([0, 0, 4], SAGITTAL, SPACING)])).toContain("direction");
    expect(why([at(0), at(2), at(4, { width: 7 })])).toContain("size");
    const tilted = [0, 1, 2].map((n) => placed([n, 0, 2 * n], AXIAL, SPACING));
    expect(why(tilted)).toContain("sideways");
  });

  it("says how much memory it would need beyond the most", () => {
    const large = { width: 1024, height: 1024 };
    const images = Array.from({ length: 200 }, (_, n) => at(n, large));
    expect(why(images)).toBe(
      "Planes of this series would need 400 MB of memory; the most is 256 MB.",
    );
    const usual = { width: 512, height: 512 };
    expect(why(Array.from({ length: 400 }, (_, n) => at(n, usual)))).toBe("");
  });

  it("needs values of one kind", () => {
    const { slices } = regularSlices([at(0), at(2), at(4)]);
    expect(volumeOf(slices!, [voxels(0), voxels(1), frame([], { samples: 3 })])).toBeNull();
  });
});

describe("a plane through a series", () => {
  const { slices } = regularSlices([at(0), at(1), at(2)]);
  const volume = volumeOf(slices!, [0, 1, 2].map(voxels))!;
  const valuesOf = (plane: "axial" | "coronal" | "sagittal", n: number) => [
    ...cut(volume, cutsOf(volume, plane), n, NONE).pixels,
  ];

  it("of the series' own direction is the series, value by value", () => {
    expect(cutsOf(volume, "axial")).toMatchObject({ width: 6, height: 4, count: 3, step: 1 });
    expect(valuesOf("axial", 1)).toEqual([...voxels(1).pixels]);
  });

  it("has the patient's left at the right and the head above", () => {
    const coronal = cutsOf(volume, "coronal");
    expect(coronal).toMatchObject({ width: 6, height: 3, count: 4 });
    expect(valuesOf("coronal", 2).slice(0, 6)).toEqual([220, 221, 222, 223, 224, 225]);
    expect(valuesOf("coronal", 2).slice(-6)).toEqual([20, 21, 22, 23, 24, 25]);
    const sagittal = cutsOf(volume, "sagittal");
    expect(sagittal).toMatchObject({ width: 4, height: 3, count: 6 });
    // The planes are counted along the normal, which leads to the patient's right.
    expect(valuesOf("sagittal", 0)).toEqual([
      205, 215, 225, 235, 105, 115, 125, 135, 5, 15, 25, 35,
    ]);
    const sides = (plane: "coronal" | "sagittal") => {
      const { right, down } = cutsOf(volume, plane);
      return sidesOf([...right, ...down] as never, FIRST_VIEW);
    };
    expect(sides("coronal")).toEqual({ top: "H", right: "L", bottom: "F", left: "R" });
    expect(sides("sagittal")).toEqual({ top: "H", right: "P", bottom: "F", left: "A" });
  });

  it("lies between the slices where they are farther apart", () => {
    const far = regularSlices([at(0), at(2), at(4)]).slices!;
    const tall = volumeOf(far, [0, 1, 2].map(voxels))!;
    const cuts = cutsOf(tall, "axial");
    expect(cuts.count).toBe(6); // 3 slices of 2 mm
    // The second lies at 0.5 mm: a quarter of the way from slice 0 to slice 1.
    expect(along(cuts.origin, cuts.normal, cuts.step)[2]).toBeCloseTo(0.5);
    expect(cut(tall, cuts, 1, NONE).pixels[0]).toBe(25);
  });

  it("joins the planes of a slab to the highest value, or the mean", () => {
    const cuts = cutsOf(volume, "axial");
    const of = (join: "maximum" | "average") => cut(volume, cuts, 1, { join, thickness: 2 }).pixels;
    expect(of("maximum")[0]).toBe(200);
    expect(of("average")[0]).toBe(100);
    expect(offsetsOf({ join: "maximum", thickness: 2 }, 1)).toEqual([-1, 0, 1]);
    expect(offsetsOf({ join: "maximum", thickness: 0.5 }, 1)).toEqual([0]);
  });

  it("leaves no voxel of a slab out: its planes are at most one apart", () => {
    for (const [thickness, step] of [
      [100, 0.5],
      [100, 0.1],
      [10.4, 1],
      [31.5, 0.5],
    ] as const) {
      const offsets = offsetsOf({ join: "average", thickness }, step);
      const gaps = offsets.slice(1).map((offset, n) => offset - offsets[n]!);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(step + 1e-9);
      expect(offsets.length).toBeLessThanOrEqual(64);
      const whole = offsets.at(-1)! - offsets[0]!;
      expect(whole).toBeCloseTo(Math.min(thickness, thickest(step)));
    }
    expect(thickest(0.5)).toBe(31.5);
  });

  it("takes no mark and no verdict", () => {
    const done: string[] = [];
    const command = (name: string) => ({
      name,
      title: "",
      group: "",
      key: "",
      run: () => void done.push(name),
    });
    const around = { isOfPlane: () => true, refuse: () => void done.push("refused") };
    for (const name of ["decide-accept", "draw-length", "finding-tumor", "next"])
      actsOnImages(command(name), around).run();
    expect(done).toEqual(["refused", "refused", "finding-tumor", "next"]);
  });
});
