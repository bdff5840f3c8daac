// Which images of the study this person has had on the screen of this window: an image that was never shown is
// accepted by an act that says so, and by no other.

import { keepShown, keptShown } from "../../../static/js/reading/kept_shown.js";

export class ShownImages {
  private readonly ids: Set<string>;

  constructor(private readonly study: string) {
    this.ids = new Set(keptShown(study));
  }

  has(image: string): boolean {
    return this.ids.has(image);
  }

  /** Whether it is the first time. */
  add(image: string): boolean {
    if (this.ids.has(image)) return false;
    this.ids.add(image);
    keepShown(this.study, image);
    return true;
  }
}
