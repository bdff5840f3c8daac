// The chosen annotation in full: what it measures, its label and note, every number of its shape.
//
// Its fields stay the same elements while it is chosen: a save that ends, or an annotation that
// moves, must not take away what somebody is typing, nor the focus.

import type { AnnotationDraft } from "../annotations/draft";
import { find } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { measuresOf, shown, valuesInside } from "../measure";
import { button, make } from "../signal";
import { scaleOf } from "../spacing";
import type { Geometry } from "../types";
import type { AnnotationsSurroundings } from "./annotationsSurroundings";
import { fieldsOf } from "./fields";

const PAUSE = 1500; // milliseconds after which words are taken over although somebody may go on

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export class AnnotationForm {
  private labels: string[] = [];
  private readonly form = find<HTMLFormElement>("[data-annotation-form]");
  private id = "";
  private structure = ""; // which fields there are
  private state = ""; // what they show
  private isTakingOver = false;
  private updates: ((draft: AnnotationDraft) => void)[] = [];

  constructor(
    private readonly around: AnnotationsSurroundings,
    private readonly openHistory: (id: string) => void,
  ) {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    // Typed and not left yet: before the page goes away it is taken over, and kept.
    window.addEventListener("pagehide", () => this.takeOver());
  }

  useLabels(labels: string[]): void {
    this.labels = labels;
    this.show();
  }

  show(): void {
    const { store, drawingTool, grid } = this.around;
    const id = drawingTool.selected;
    const draft = id ? store.draft(id) : null;
    // Nothing is done to what is not on the screen.
    const isSeen = grid.viewports.some(({ onScreen }) => onScreen?.id === draft?.image);
    if (!isSeen && this.takeOver()) grid.active.element.focus({ preventScroll: true });
    this.form.hidden = !id || !draft || draft.hidden || !drawingTool.mayDraw || !isSeen;
    if (this.form.hidden || !id || !draft) {
      this.structure = this.state = "";
      return;
    }
    this.id = id;
    const names = fieldsOf(draft.geometry).map(({ name }) => name);
    const structure = JSON.stringify([id, draft.geometry.shape, names]);
    if (structure !== this.structure) {
      this.structure = structure;
      this.state = "";
      this.build(draft);
    }
    const isKnown = Boolean(store.known(id)); // only then there is a history
    const { onScreen: image, frame } = grid.active;
    const [measured, scale] = [store.measurements(id), image && scaleOf(image)];
    const state = JSON.stringify([
      [draft, isKnown, image?.id, frame?.rows, measured, scale],
      this.labels,
    ]);
    if (state === this.state) return;
    this.state = state;
    for (const update of this.updates) update(draft);
  }

  /** What is typed and not left yet; whether there was such a field. */
  private takeOver(): boolean {
    const active = document.activeElement;
    if (this.isTakingOver || !this.form.contains(active)) return false;
    this.isTakingOver = true; // what is taken over is shown, and comes here again
    active!.dispatchEvent(new Event("change"));
    this.isTakingOver = false;
    return true;
  }

  private put(part: Partial<AnnotationDraft>): void {
    this.around.store.change(this.id, part);
    this.around.touched();
  }

  private build(draft: AnnotationDraft): void {
    const { store, drawingTool } = this.around;
    const { id } = this;
    const figures = make("p", { class: "vw-figures" });
    const remove = button("Delete", () => {
      drawingTool.select(null);
      this.put({ hidden: true });
    });
    const versions = button("History", () => this.openHistory(id));
    this.updates = [
      ({ geometry, image }) => {
        figures.textContent = this.figures(geometry, image);
        versions.disabled = !store.known(id);
      },
    ];
    const numbers = this.numberFields(draft);
    this.form.replaceChildren(
      make("h3", { class: "vw-h" }, SHAPE_NAMES[draft.geometry.shape]),
      figures,
      this.labelField(),
      this.noteField(),
      ...(draft.geometry.shape === "arrow" ? [this.textField()] : []),
      make(
        "fieldset",
        { class: "vw-numbers" },
        make("legend", {}, "Place and size, in pixels"),
        ...numbers,
      ),
      make("div", { class: "vw-row" }, versions, remove),
    );
  }

  // --- Fields --------------------------------------------------------------------------------------

  /** A field that shows a part of the annotation; what is typed there goes to the annotation. */
  private bind(
    name: string,
    field: Field,
    written: (draft: AnnotationDraft) => string,
    take: (value: string) => void,
  ): HTMLElement {
    const { id } = this;
    this.updates.push((draft) => {
      if (document.activeElement !== field) field.value = written(draft);
    });
    field.addEventListener("change", () => {
      if (this.id === id) take(field.value);
    });
    field.addEventListener("blur", () => {
      const draft = this.around.store.draft(id);
      if (draft && this.id === id) field.value = written(draft);
    });
    return make("label", { class: "vw-field" }, make("span", {}, name), field);
  }

  private numberFields(draft: AnnotationDraft): HTMLElement[] {
    return fieldsOf(draft.geometry).map(({ name }, n) => {
      const field = make("input", {
        type: "number",
        step: "any",
        class: "form-control form-control-sm",
      });
      const written = ({ geometry }: AnnotationDraft) =>
        String(Math.round((fieldsOf(geometry)[n]?.value ?? 0) * 100) / 100);
      return this.bind(name, field, written, (value) => {
        const now = this.around.store.draft(this.id);
        if (!now || value === "" || value === written(now)) return;
        this.put({ geometry: fieldsOf(now.geometry)[n]!.with(Number(value)) });
      });
    });
  }

  private labelField(): HTMLElement {
    const field = make("select", { class: "form-select form-select-sm" });
    const offer = (label: string) =>
      field.append(make("option", { value: label }, label || "No label"));
    // The clinic's labels may come after the form, and an older version may have one that is not offered now.
    this.updates.push(({ label }) => {
      const offered = new Set([...field.options].map(({ value }) => value));
      for (const one of new Set(["", ...this.labels, label])) if (!offered.has(one)) offer(one);
    });
    return this.bind(
      "Label",
      field,
      ({ label }) => label,
      (label) => this.put({ label }),
    );
  }

  private noteField(): HTMLElement {
    const field = make("textarea", {
      class: "form-control form-control-sm",
      rows: "2",
      maxlength: "2000",
    });
    return this.bind(
      "Note",
      takenInPauses(field),
      ({ note }) => note,
      (note) => this.put({ note }),
    );
  }

  private textField(): HTMLElement {
    const field = make("input", { class: "form-control form-control-sm", maxlength: "200" });
    const textOf = ({ geometry }: AnnotationDraft) =>
      (geometry.shape === "arrow" && geometry.text) || "";
    return this.bind("Text", takenInPauses(field), textOf, (text) => {
      const geometry = this.around.store.draft(this.id)?.geometry;
      if (geometry?.shape === "arrow") this.put({ geometry: { ...geometry, text } });
    });
  }

  private figures(geometry: Geometry, imageId: string): string {
    const { onScreen: image, frame } = this.around.grid.active;
    if (image?.id !== imageId) return ""; // the annotation is on an image that is not in view
    const saved = this.around.store.measurements(this.id);
    const texts = measuresOf(geometry, scaleOf(image), saved).map(shown);
    const values = frame && valuesInside(geometry, frame);
    if (values) texts.push(`Mean ${values.mean.toFixed(1)}, SD ${values.deviation.toFixed(1)}`);
    if (!scaleOf(image) && texts.length) texts.push("the file has no scale, so px");
    return texts.join(" · ");
  }
}

/** Words are taken over when the field is left, and in each pause before. */
function takenInPauses<F extends Field>(field: F): F {
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => field.dispatchEvent(new Event("change")), PAUSE);
  });
  field.addEventListener("change", () => clearTimeout(timer));
  return field;
}
