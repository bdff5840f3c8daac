// The list of the annotations of an image. The chosen one, its history and conflicts stand below it.

import { find } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { measuresOf, shown } from "../measure";
import { button, make } from "../signal";
import { scaleOf } from "../spacing";
import type { Geometry } from "../types";
import { AnnotationForm } from "./annotationForm";
import { AnnotationHistory } from "./annotationHistory";
import type { AnnotationsSurroundings } from "./annotationsSurroundings";
import { ColleagueAnnotation } from "./colleagueAnnotation";
import { Conflicts } from "./conflicts";

export class AnnotationsPanel {
  private readonly list = find("[data-annotation-list]");
  private readonly history: AnnotationHistory;
  private readonly form: AnnotationForm;
  private readonly colleague: ColleagueAnnotation;
  private readonly conflicts: Conflicts;
  private state = "";

  constructor(private readonly around: AnnotationsSurroundings) {
    this.history = new AnnotationHistory(around);
    const openHistory = (id: string) => void this.history.read(id, true);
    this.form = new AnnotationForm(around, openHistory);
    this.colleague = new ColleagueAnnotation(around, openHistory);
    this.conflicts = new Conflicts(around);
  }

  useLabels(labels: string[]): void {
    this.form.useLabels(labels);
  }

  show(): void {
    const { store, grid, colorOf } = this.around;
    const image = grid.active.onScreen;
    this.conflicts.show();
    this.form.show();
    this.colleague.show();
    this.history.show();
    if (!image) {
      this.list.replaceChildren();
      this.state = "";
      return;
    }
    const state = this.stateOf(image.id);
    if (state === this.state) return; // scrolling draws many times a second
    this.state = state;
    const own = store.ids(image.id).map((id) => {
      const { geometry, label } = store.draft(id)!;
      return this.row(id, geometry, label, "own", "you");
    });
    const others = store.others
      .filter((annotation) => annotation.image === image.id)
      .map((annotation) =>
        this.row(
          annotation.id,
          annotation.geometry,
          annotation.label,
          colorOf(annotation),
          annotation.author.name,
        ),
      );
    const hidden = store.hiddenIds(image.id).map((id) => this.hiddenRow(id));
    const empty = make("li", { class: "ns-sub" }, "None on this image.");
    const rows = [...own, ...others, ...hidden];
    const focused = this.list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.id
      : "";
    this.list.replaceChildren(...(rows.length ? rows : [empty]));
    if (focused) this.list.querySelector<HTMLElement>(`[data-id="${focused}"]`)?.focus();
  }

  private stateOf(image: string): string {
    const ids = [...this.around.store.ids(image), ...this.around.store.hiddenIds(image)];
    const { store } = this.around;
    const own = ids.map((id) => [id, store.draft(id), store.refusal(id), store.known(id)?.version]);
    const others = store.others.filter((annotation) => annotation.image === image);
    const versions = others.map(({ id, version }) => `${id} ${version}`);
    const scale = scaleOf(this.around.grid.active.onScreen!);
    return JSON.stringify([image, this.around.drawingTool.selected, own, versions, scale]);
  }

  private row(
    id: string,
    geometry: Geometry,
    label: string,
    color: string,
    author: string,
  ): HTMLElement {
    const { store, grid } = this.around;
    const spacing = scaleOf(grid.active.onScreen!);
    const figures = measuresOf(geometry, spacing, store.measurements(id)).map(shown).join(", ");
    const name = `${SHAPE_NAMES[geometry.shape]}${label ? `, ${label}` : ""}`;
    const open = make(
      "button",
      {
        type: "button",
        class: "vw-annotation-row",
        "aria-pressed": String(this.around.drawingTool.selected === id),
        "data-id": id,
      },
      make("span", { class: `vw-swatch vw-by-${color}`, "aria-hidden": "true" }),
      make(
        "span",
        {},
        name,
        make("span", { class: "ns-sub" }, ` by ${author}${figures ? ` · ${figures}` : ""}`),
      ),
    );
    open.addEventListener("click", () =>
      this.around.drawingTool.select(this.around.drawingTool.selected === id ? null : id),
    );
    const refusal = this.around.store.refusal(id);
    return make(
      "li",
      {},
      open,
      ...(refusal
        ? [make("p", { class: "vw-refusal", role: "alert" }, `Not saved: ${refusal}`)]
        : []),
    );
  }

  private hiddenRow(id: string): HTMLElement {
    const draft = this.around.store.draft(id)!;
    const back = button("Show again", () => {
      this.around.store.change(id, { hidden: false });
      this.around.touched();
    });
    return make(
      "li",
      { class: "vw-deleted" },
      make(
        "span",
        { class: "ns-sub" },
        `Deleted: ${SHAPE_NAMES[draft.geometry.shape]}${draft.label ? `, ${draft.label}` : ""}`,
      ),
      back,
    );
  }
}
