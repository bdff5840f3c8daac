// Which annotations of an image are on the screen. Those alone are drawn, pressed and chosen by a key.

import type { Annotation } from "../types";
import type { AnnotationStore } from "./store";

/** What is switched on. */
export interface Shown {
  own: boolean;
  others: boolean;
  regions: boolean;
}

export interface Visible {
  own: string[];
  others: Annotation[];
}

export function visibleOn(image: string, store: AnnotationStore, shown: Shown): Visible {
  return {
    own: shown.own ? store.ids(image) : [],
    others: shown.others ? store.others.filter((one) => one.image === image) : [],
  };
}
