// Changes that were made in two places: the reader chooses, nothing is dropped.

import { find, newId } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { button, make } from "../signal";
import { timeOf } from "../times";
import type { MarksSurroundings } from "./marksSurroundings";

export class Conflicts {
  private state = "";

  constructor(private readonly around: MarksSurroundings) {}

  show(): void {
    const { book } = this.around;
    const ids = book.conflicts();
    if (ids.join() === this.state) return; // an alert that is made anew is read out anew
    this.state = ids.join();
    find("[data-conflicts]").replaceChildren(...ids.map((id) => this.box(id)));
  }

  private box(id: string): HTMLElement {
    const { book, touched } = this.around;
    const settle = (choice: "mine" | "theirs" | "both") => () => {
      book.settle(id, choice, newId());
      touched();
    };
    const other = book.conflict(id)!.current;
    const when = other ? ` (version ${other.version}, ${timeOf(other.changed_at)})` : "";
    return make(
      "div",
      { class: "vw-conflict", role: "alert" },
      make(
        "p",
        {},
        `${SHAPE_NAMES[book.wish(id)!.geometry.shape]} was changed in another window or on another device${when}. Yours is kept here until you choose.`,
      ),
      button("Keep mine", settle("mine")),
      button("Keep the other", settle("theirs")),
      button("Keep both", settle("both")),
    );
  }
}
