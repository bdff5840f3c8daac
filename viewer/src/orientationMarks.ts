// The marks of a viewport that say how its image lies: a sign in the corner while it is flipped or
// turned, and the letters of the patient's sides where they are known.

import { type Sides, sidesOf, turnOf } from "./orientation";
import { make } from "./signal";
import type { ViewerImage } from "./types";
import type { View } from "./view";

const PLACES = ["top", "right", "bottom", "left"] as const;

export class OrientationMarks {
  private readonly turn = make("span", { class: "vw-turn", hidden: true });
  private readonly sides = new Map<keyof Sides, HTMLElement>();
  private state = "";

  constructor(element: HTMLElement) {
    for (const place of PLACES) {
      const letter = make("span", { class: `vw-side-letter vw-at-${place}`, hidden: true });
      this.sides.set(place, letter);
      element.append(letter);
    }
  }

  show(corner: HTMLElement, image: ViewerImage, view: View): void {
    const turn = turnOf(view);
    this.turn.hidden = !turn;
    this.turn.textContent = turn;
    corner.append(this.turn);
    const sides = sidesOf(image.image_orientation, view);
    const state = JSON.stringify(sides);
    if (state === this.state) return;
    this.state = state;
    for (const [place, letter] of this.sides) {
      letter.hidden = !sides;
      letter.textContent = sides?.[place] ?? "";
    }
  }
}
