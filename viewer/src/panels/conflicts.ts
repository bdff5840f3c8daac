// Changes that were made in two places: the reader chooses, nothing is dropped.

import { find, newId } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { button, make } from "../signal";
import { timeOf } from "../times";
import type { AnnotationsSurroundings } from "./annotationsSurroundings";

export class Conflicts {
  private state = "";

  constructor(private readonly around: AnnotationsSurroundings) {}

  show(): void {
    const { store } = this.around;
    const ids = store.conflicts();
    if (ids.join() === this.state) return; // an alert that is made anew is read out anew
    this.state = ids.join();
    find("[data-conflicts]").replaceChildren(...ids.map((id) => this.box(id)));
  }

  private box(id: string): HTMLElement {
    const { store, touched } = this.around;
    const settle = (choice: "mine" | "theirs" | "both") => () => {
      store.settle(id, choice, newId());
      touched();
    };
    const other = store.conflict(id)!.current;
    const when = other ? ` (version ${other.version}, ${timeOf(other.changed_at)})` : "";
    return make(
      "div",
      { class: "vw-conflict", role: "alert" },
      make(
        "p",
        {},
        `${SHAPE_NAMES[store.draft(id)!.geometry.shape]} was changed in another window or on another device${when}. Yours is kept here until you choose.`,
      ),
      button("Keep mine", settle("mine")),
      button("Keep the other", settle("theirs")),
      button("Keep both", settle("both")),
    );
  }
}
