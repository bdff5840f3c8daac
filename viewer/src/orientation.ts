// How the image lies on the screen, in words and letters: whether it is flipped or turned, and which
// side of the patient is where, for images whose file says so. Pure.

import type { Point } from "./geometry";
import type { ViewerImage } from "./types";
import { orientation, type View } from "./view";

/** "" where the image lies as it is stored. */
export function turnOf({ mirrored, rotation }: View): string {
  const turn = { 0: "", 90: "90° right", 180: "180°", 270: "90° left" }[rotation] ?? `${rotation}°`;
  if (!mirrored) return turn && `Rotated ${turn}`;
  if (rotation === 180) return "Flipped top–bottom";
  return turn ? `Flipped left–right, then rotated ${turn}` : "Flipped left–right";
}

/** Which buttons stand for it: those that are pressed while the image lies so. */
export function turnedBy({ mirrored, rotation }: View): Record<string, boolean> {
  return {
    "flip-across": mirrored && rotation !== 180,
    "flip-down": mirrored && rotation === 180,
    "rotate-right": rotation === 90 || (!mirrored && rotation === 180),
    "rotate-left": rotation === 270 || (!mirrored && rotation === 180),
  };
}

export interface Sides {
  top: string;
  right: string;
  bottom: string;
  left: string;
}

/** DICOM's axes of the patient: toward the left, the back (posterior) and the head. */
const LETTERS = [
  ["L", "R"],
  ["P", "A"],
  ["H", "F"],
] as const;
const OBLIQUE = 0.25; // of the largest part: below it a second letter says nothing

/** The letters at the four sides; null where nothing is known of how the image lies in the patient. */
export function sidesOf(cosines: ViewerImage["image_orientation"], view: View): Sides | null {
  if (cosines?.length !== 6) return null;
  const turn = orientation(view);
  const toward = ([across, down]: Point) =>
    lettersOf([0, 1, 2].map((n) => across * cosines[n]! + down * cosines[n + 3]!));
  // The screen's right and down as directions in the picture: the turn the other way round.
  const [right, down]: [Point, Point] = [
    [turn.a, turn.c],
    [turn.b, turn.d],
  ];
  const opposite = ([x, y]: Point): Point => [-x, -y];
  return {
    top: toward(opposite(down)),
    right: toward(right),
    bottom: toward(down),
    left: toward(opposite(right)),
  };
}

function lettersOf(direction: number[]): string {
  const parts = direction
    .map((value, n) => ({ letter: LETTERS[n]![value < 0 ? 1 : 0], size: Math.abs(value) }))
    .sort((one, other) => other.size - one.size);
  const limit = OBLIQUE * parts[0]!.size;
  return parts
    .filter(({ size }) => size > limit)
    .slice(0, 2)
    .map(({ letter }) => letter)
    .join("");
}
