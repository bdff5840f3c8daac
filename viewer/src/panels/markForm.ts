// The chosen annotation in full: what it measures, its label and note, every number of its shape.
//
// Its fields stay the same elements while the mark is chosen: a save that ends, or a mark that moves,
// must not take away what somebody is typing, nor the focus.

import { find } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import type { Wish } from "../marks/book";
import { measuresOf, shown, valuesInside } from "../measure";
import { button, make } from "../signal";
import type { Geometry } from "../types";
import { fieldsOf } from "./fields";
import type { MarksSurroundings } from "./marksSurroundings";

const PAUSE = 1500; // milliseconds after which words are taken over although somebody may go on

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export class MarkForm {
  private labels: string[] = [];
  private readonly form = find<HTMLFormElement>("[data-mark-form]");
  private id = "";
  private structure = ""; // which fields there are
  private state = ""; // what they show
  private updates: ((wish: Wish) => void)[] = [];

  constructor(
    private readonly around: MarksSurroundings,
    private readonly openHistory: (id: string) => void,
  ) {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    // Typed and not left yet: before the page goes away it is taken over, and kept.
    window.addEventListener("pagehide", () => {
      const active = document.activeElement;
      if (this.form.contains(active)) active!.dispatchEvent(new Event("change"));
    });
  }

  useLabels(labels: string[]): void {
    this.labels = labels;
    this.show();
  }

  show(): void {
    const { book, pencil, stage } = this.around;
    const id = pencil.selected;
    const wish = id ? book.wish(id) : null;
    this.form.hidden = !id || !wish || wish.hidden || !pencil.mayDraw;
    if (this.form.hidden || !id || !wish) {
      this.structure = this.state = "";
      return;
    }
    this.id = id;
    const names = fieldsOf(wish.geometry).map(({ name }) => name);
    const structure = JSON.stringify([id, wish.geometry.shape, names, this.labels]);
    if (structure !== this.structure) {
      this.structure = structure;
      this.state = "";
      this.build(wish);
    }
    const isKnown = Boolean(book.known(id)); // only then there is a history
    const state = JSON.stringify([wish, isKnown, stage.active.image?.id, stage.active.frame?.rows]);
    if (state === this.state) return;
    this.state = state;
    for (const update of this.updates) update(wish);
  }

  private put(part: Partial<Wish>): void {
    this.around.book.change(this.id, part);
    this.around.touched();
  }

  private build(wish: Wish): void {
    const { book, pencil } = this.around;
    const { id } = this;
    const figures = make("p", { class: "vw-figures" });
    const remove = button("Delete", () => {
      pencil.select(null);
      this.put({ hidden: true });
    });
    const versions = button("History", () => this.openHistory(id));
    this.updates = [
      ({ geometry, image }) => {
        figures.textContent = this.figures(geometry, image);
        versions.disabled = !book.known(id);
      },
    ];
    const numbers = this.numberFields(wish);
    this.form.replaceChildren(
      make("h3", { class: "vw-h" }, SHAPE_NAMES[wish.geometry.shape]),
      figures,
      this.labelField(wish),
      this.noteField(),
      ...(wish.geometry.shape === "arrow" ? [this.textField()] : []),
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

  /** A field that shows a part of the mark, and what is typed there goes to the mark. */
  private bind(
    name: string,
    field: Field,
    written: (wish: Wish) => string,
    take: (value: string) => void,
  ): HTMLElement {
    const { id } = this;
    this.updates.push((wish) => {
      if (document.activeElement !== field) field.value = written(wish);
    });
    field.addEventListener("change", () => {
      if (this.id === id) take(field.value);
    });
    field.addEventListener("blur", () => {
      const wish = this.around.book.wish(id);
      if (wish && this.id === id) field.value = written(wish);
    });
    return make("label", { class: "vw-field" }, make("span", {}, name), field);
  }

  private numberFields(wish: Wish): HTMLElement[] {
    return fieldsOf(wish.geometry).map(({ name }, n) => {
      const field = make("input", {
        type: "number",
        step: "any",
        class: "form-control form-control-sm",
      });
      const written = ({ geometry }: Wish) =>
        String(Math.round((fieldsOf(geometry)[n]?.value ?? 0) * 100) / 100);
      return this.bind(name, field, written, (value) => {
        const now = this.around.book.wish(this.id);
        if (!now || value === "" || value === written(now)) return;
        this.put({ geometry: fieldsOf(now.geometry)[n]!.with(Number(value)) });
      });
    });
  }

  private labelField(wish: Wish): HTMLElement {
    const choices = [...new Set(["", ...this.labels, wish.label])];
    const field = make("select", { class: "form-select form-select-sm" });
    const offer = (label: string) =>
      field.append(make("option", { value: label }, label || "No label"));
    choices.forEach(offer);
    // An older version may have a label that the clinic no longer offers.
    this.updates.push(({ label }) => {
      if (![...field.options].some(({ value }) => value === label)) offer(label);
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
    const textOf = ({ geometry }: Wish) => (geometry.shape === "arrow" && geometry.text) || "";
    return this.bind("Text", takenInPauses(field), textOf, (text) => {
      const geometry = this.around.book.wish(this.id)?.geometry;
      if (geometry?.shape === "arrow") this.put({ geometry: { ...geometry, text } });
    });
  }

  private figures(geometry: Geometry, imageId: string): string {
    const { image, frame } = this.around.stage.active;
    if (image?.id !== imageId) return ""; // the mark is on an image that is not in view
    const saved = this.around.book.measurements(this.id);
    const texts = measuresOf(geometry, image.pixel_spacing, saved).map(shown);
    const values = frame && valuesInside(geometry, frame);
    if (values) texts.push(`Mean ${values.mean.toFixed(1)}, SD ${values.deviation.toFixed(1)}`);
    if (!image.pixel_spacing && texts.length) texts.push("the file has no scale, so px");
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
