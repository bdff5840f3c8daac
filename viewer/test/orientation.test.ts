import { describe, expect, it } from "vitest";
import { sidesOf, turnedBy, turnOf } from "../src/orientation";
import type { ViewerImage } from "../src/types";
import { FIRST_VIEW, flippedAcross, flippedDown, turned } from "../src/view";

const AXIAL: ViewerImage["image_orientation"] = [1, 0, 0, 0, 1, 0]; // the columns go to the patient's left, the rows to the back

const letters = (view = FIRST_VIEW, cosines: ViewerImage["image_orientation"] = AXIAL) => {
  const sides = sidesOf(cosines, view);
  return sides && `${sides.top} ${sides.right} ${sides.bottom} ${sides.left}`;
};

describe("the letters at the sides", () => {
  it("say where the patient's sides are, and follow every turn and flip", () => {
    expect(letters()).toBe("A L P R");
    expect(letters(flippedAcross(FIRST_VIEW))).toBe("A R P L");
    expect(letters(flippedDown(FIRST_VIEW))).toBe("P L A R");
    expect(letters(turned(FIRST_VIEW, 90))).toBe("R A L P");
    expect(letters(turned(flippedAcross(FIRST_VIEW), 90))).toBe("L A R P");
    expect(letters(FIRST_VIEW, [0, 1, 0, 0, 0, -1])).toBe("H P F A");
  });

  it("name two sides of an oblique image, and none where nothing is known", () => {
    const tilted = Math.SQRT1_2;
    expect(letters(FIRST_VIEW, [1, 0, 0, 0, 0.8, -0.6])).toBe("AH L PF R");
    expect(letters(FIRST_VIEW, [tilted, tilted, 0, 0, 0, -1])).toMatch(/^H (LP|PL) F (RA|AR)$/);
    expect(letters(FIRST_VIEW, null)).toBeNull();
  });
});

describe("flip and rotation in words", () => {
  it("are empty for the image as stored only", () => {
    expect(turnOf(FIRST_VIEW)).toBe("");
    expect(turnOf(flippedAcross(flippedAcross(FIRST_VIEW)))).toBe("");
    expect(turnOf(flippedAcross(FIRST_VIEW))).toBe("Flipped left–right");
    expect(turnOf(flippedDown(FIRST_VIEW))).toBe("Flipped top–bottom");
    expect(turnOf(turned(FIRST_VIEW, 270))).toBe("Rotated 90° left");
    expect(turnOf(turned(FIRST_VIEW, 180))).toBe("Rotated 180°");
    expect(turnOf(turned(flippedAcross(FIRST_VIEW), 90))).toBe(
      "Flipped left–right, then rotated 90° right",
    );
  });

  it("press a button wherever there are words", () => {
    for (const view of [FIRST_VIEW, flippedAcross(FIRST_VIEW), flippedDown(FIRST_VIEW)]) {
      for (const degrees of [0, 90, 180, 270]) {
        const one = turned(view, degrees);
        expect(Object.values(turnedBy(one)).some(Boolean)).toBe(turnOf(one) !== "");
      }
    }
  });
});
