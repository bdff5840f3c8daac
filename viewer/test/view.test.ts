import { describe, expect, it } from "vitest";
import {
  apply,
  FIRST_VIEW,
  flippedAcross,
  flippedDown,
  inverse,
  magnificationOf,
  panned,
  toScreen,
  turned,
  zoomed,
  zoomNote,
} from "../src/view";

const picture = { width: 200, height: 100, pixelWidth: 1, pixelHeight: 1 };
const viewport = { width: 400, height: 400 };
const at = (view: typeof FIRST_VIEW, x: number, y: number) =>
  apply(toScreen(view, picture, viewport), [x, y]).map(
    (value) => Math.round(value * 1e6) / 1e6 + 0,
  );

describe("how an image lies in its viewport", () => {
  it("fits the whole image in the middle", () => {
    expect(at(FIRST_VIEW, 0, 0)).toEqual([0, 100]);
    expect(at(FIRST_VIEW, 200, 100)).toEqual([400, 300]);
  });

  it("flips what the reader sees, however the image is turned", () => {
    for (const rotation of [0, 90, 180, 270]) {
      const view = turned(FIRST_VIEW, rotation);
      const [x, y] = at(view, 30, 20) as [number, number];
      expect(at(flippedAcross(view), 30, 20)).toEqual([400 - x, y]);
      expect(at(flippedDown(view), 30, 20)).toEqual([x, 400 - y]);
    }
  });

  it("turns clockwise", () => {
    const [x, y] = at(turned(FIRST_VIEW, 90), 0, 0) as [number, number];
    expect(x).toBeGreaterThan(200); // the upper left corner is now at the upper right
    expect(y).toBeLessThan(200);
  });

  it("keeps what is under the pointer there while it zooms", () => {
    const view = turned(flippedAcross(FIRST_VIEW), 90);
    const pixel = apply(inverse(toScreen(view, picture, viewport)), [120, 90]);
    const after = apply(
      toScreen(zoomed(view, 3, picture, viewport, [120, 90]), picture, viewport),
      pixel,
    );
    expect(after[0]).toBeCloseTo(120);
    expect(after[1]).toBeCloseTo(90);
  });

  it("moves the image with the hand, also when it is turned", () => {
    const view = turned(FIRST_VIEW, 90);
    const before = at(view, 50, 50);
    const after = at(panned(view, [10, -7], picture, viewport), 50, 50);
    expect(after).toEqual([before[0]! + 10, before[1]! - 7]);
  });

  it("says how large a pixel of the image is on the screen", () => {
    const note = (view: typeof FIRST_VIEW, pixelRatio = 1, one = picture) =>
      zoomNote(view, magnificationOf(view, one, viewport, pixelRatio));
    expect(note(FIRST_VIEW)).toBe("Fit · 200 %");
    expect(note(turned(FIRST_VIEW, 90))).toBe("Fit · 200 %");
    expect(note({ ...FIRST_VIEW, zoom: 0.5 })).toBe("100 %");
    expect(note(FIRST_VIEW, 1.5)).toBe("Fit · 300 %"); // of a finer screen
    const millimeters = { ...picture, pixelWidth: 0.5, pixelHeight: 0.5 };
    expect(note(FIRST_VIEW, 1, millimeters)).toBe("Fit · 200 %");
  });

  it("draws pixels that are not square in their proportion", () => {
    const flat = { ...picture, pixelHeight: 2 };
    expect(apply(toScreen(FIRST_VIEW, flat, viewport), [200, 100])).toEqual([400, 400]);
  });
});
