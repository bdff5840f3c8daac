import { describe, expect, it } from "vitest";
import { colored, heatIn } from "../src/heat";

describe("the heatmap", () => {
  // The ramp gives each value its own red, so that it can be recognized.
  const ramp = Uint8ClampedArray.from({ length: 1024 }, (_, n) => (n % 4 === 0 ? n / 4 : 255));
  const heat = { width: 4, height: 1, values: Uint8Array.of(0, 100, 128, 255) };
  const pixels = (threshold?: number) => {
    const rgba = colored(heat, ramp, threshold);
    return [0, 1, 2, 3].map((n) => [rgba[4 * n], rgba[4 * n + 3]]);
  };

  it("is the first channel of its picture", () => {
    const data = Uint8ClampedArray.of(7, 1, 2, 3, 250, 4, 5, 6);
    const picture = { data, width: 2, height: 1 } as ImageData;
    expect(heatIn(picture)).toEqual({ width: 2, height: 1, values: Uint8Array.of(7, 250) });
  });

  it("takes its colors from the ramp, and is the clearer the hotter", () => {
    expect(pixels()).toEqual([
      [0, 0],
      [100, 100],
      [128, 128],
      [255, 255],
    ]);
    expect([...colored(heat, ramp).slice(4, 8)]).toEqual([100, 255, 255, 100]);
  });

  it("shows nothing below the threshold", () => {
    expect(pixels(50).map(([, alpha]) => alpha)).toEqual([0, 0, 128, 255]);
    expect(pixels(95).map(([, alpha]) => alpha)).toEqual([0, 0, 0, 255]);
  });
});
