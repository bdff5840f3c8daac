// Another reader's chosen annotation: to read, with its history; only its author changes it.

import { find } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { measuresOf, shown } from "../measure";
import { button, make } from "../signal";
import { timeOf } from "../times";
import type { Annotation } from "../types";
import type { AnnotationsSurroundings } from "./annotationsSurroundings";

export class ColleagueAnnotation {
  private readonly place = find("[data-colleague-annotation]");
  private state = "";

  constructor(
    private readonly around: AnnotationsSurroundings,
    private readonly openHistory: (id: string) => void,
  ) {}

  show(): void {
    const { store, drawingTool } = this.around;
    const annotation = store.others.find(({ id }) => id === drawingTool.selected);
    const state = annotation ? `${annotation.id} ${annotation.version}` : "";
    if (state === this.state) return;
    this.state = state;
    this.place.hidden = !annotation;
    this.place.replaceChildren(...(annotation ? this.partsOf(annotation) : []));
  }

  private partsOf(annotation: Annotation): Node[] {
    const { geometry, label, note, author, changed_at } = annotation;
    const image = this.around.grid.active.onScreen;
    const spacing = image?.id === annotation.image ? image.pixel_spacing : null;
    const words = geometry.shape === "arrow" ? (geometry.text ?? "") : "";
    const figures = measuresOf(geometry, spacing, annotation.measurements).map(shown).join(" · ");
    const lines = [figures, label && `Label: ${label}`, words && `Text: ${words}`];
    return [
      make("h3", { class: "vw-h" }, `${SHAPE_NAMES[geometry.shape]} by ${author.name}`),
      ...lines.filter(Boolean).map((line) => make("p", {}, line)),
      ...(note ? [make("p", { class: "vw-note" }, note)] : []),
      make("p", { class: "ns-sub" }, `Version ${annotation.version}, ${timeOf(changed_at)}`),
      button("History", () => this.openHistory(annotation.id)),
    ];
  }
}
