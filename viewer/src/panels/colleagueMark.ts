// Another reader's chosen annotation: to read, with its history; only its author changes it.

import { find } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { measuresOf, shown } from "../measure";
import { button, make } from "../signal";
import { timeOf } from "../times";
import type { Annotation } from "../types";
import type { MarksSurroundings } from "./marksSurroundings";

export class ColleagueMark {
  private readonly place = find("[data-colleague-mark]");
  private state = "";

  constructor(
    private readonly around: MarksSurroundings,
    private readonly openHistory: (id: string) => void,
  ) {}

  show(): void {
    const { book, pencil } = this.around;
    const mark = book.others.find(({ id }) => id === pencil.selected);
    const state = mark ? `${mark.id} ${mark.version}` : "";
    if (state === this.state) return;
    this.state = state;
    this.place.hidden = !mark;
    this.place.replaceChildren(...(mark ? this.partsOf(mark) : []));
  }

  private partsOf(mark: Annotation): Node[] {
    const { geometry, label, note, author, changed_at } = mark;
    const image = this.around.stage.active.image;
    const spacing = image?.id === mark.image ? image.pixel_spacing : null;
    const words = geometry.shape === "arrow" ? (geometry.text ?? "") : "";
    const figures = measuresOf(geometry, spacing, mark.measurements).map(shown).join(" · ");
    const lines = [figures, label && `Label: ${label}`, words && `Text: ${words}`];
    return [
      make("h3", { class: "vw-h" }, `${SHAPE_NAMES[geometry.shape]} by ${author.name}`),
      ...lines.filter(Boolean).map((line) => make("p", {}, line)),
      ...(note ? [make("p", { class: "vw-note" }, note)] : []),
      make("p", { class: "ns-sub" }, `Version ${mark.version}, ${timeOf(changed_at)}`),
      button("History", () => this.openHistory(mark.id)),
    ];
  }
}
