// The list of the annotations of an image. The chosen one, its history and conflicts stand below it.

import { find } from "../dom";
import { SHAPE_NAMES } from "../geometry";
import { measuresOf, shown } from "../measure";
import { button, make } from "../signal";
import type { Geometry } from "../types";
import { ColleagueMark } from "./colleagueMark";
import { Conflicts } from "./conflicts";
import { MarkForm } from "./markForm";
import { MarkHistory } from "./markHistory";
import type { MarksSurroundings } from "./marksSurroundings";

export class MarksPanel {
  private readonly list = find("[data-mark-list]");
  private readonly history: MarkHistory;
  private readonly form: MarkForm;
  private readonly colleague: ColleagueMark;
  private readonly conflicts: Conflicts;
  private state = "";

  constructor(private readonly around: MarksSurroundings) {
    this.history = new MarkHistory(around);
    const openHistory = (id: string) => void this.history.read(id, true);
    this.form = new MarkForm(around, openHistory);
    this.colleague = new ColleagueMark(around, openHistory);
    this.conflicts = new Conflicts(around);
  }

  useLabels(labels: string[]): void {
    this.form.useLabels(labels);
  }

  show(): void {
    const { book, stage, colorOf } = this.around;
    const image = stage.active.image;
    if (!image) return;
    this.conflicts.show();
    this.form.show();
    this.colleague.show();
    this.history.show();
    const state = this.stateOf(image.id);
    if (state === this.state) return; // scrolling draws many times a second
    this.state = state;
    const own = book.ids(image.id).map((id) => {
      const { geometry, label } = book.wish(id)!;
      return this.row(id, geometry, label, "own", "you");
    });
    const others = book.others
      .filter((mark) => mark.image === image.id)
      .map((mark) => this.row(mark.id, mark.geometry, mark.label, colorOf(mark), mark.author.name));
    const hidden = book.hiddenIds(image.id).map((id) => this.hiddenRow(id));
    const empty = make("li", { class: "ns-sub" }, "None on this image.");
    const rows = [...own, ...others, ...hidden];
    const focused = this.list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.id
      : "";
    this.list.replaceChildren(...(rows.length ? rows : [empty]));
    if (focused) this.list.querySelector<HTMLElement>(`[data-id="${focused}"]`)?.focus();
  }

  private stateOf(image: string): string {
    const ids = [...this.around.book.ids(image), ...this.around.book.hiddenIds(image)];
    const { book } = this.around;
    const own = ids.map((id) => [id, book.wish(id), book.refusal(id), book.known(id)?.version]);
    const others = book.others.filter((mark) => mark.image === image);
    const versions = others.map(({ id, version }) => `${id} ${version}`);
    return JSON.stringify([image, this.around.pencil.selected, own, versions]);
  }

  private row(
    id: string,
    geometry: Geometry,
    label: string,
    color: string,
    author: string,
  ): HTMLElement {
    const { book, stage } = this.around;
    const spacing = stage.active.image!.pixel_spacing;
    const figures = measuresOf(geometry, spacing, book.measurements(id)).map(shown).join(", ");
    const name = `${SHAPE_NAMES[geometry.shape]}${label ? `, ${label}` : ""}`;
    const open = make(
      "button",
      {
        type: "button",
        class: "vw-mark-row",
        "aria-pressed": String(this.around.pencil.selected === id),
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
      this.around.pencil.select(this.around.pencil.selected === id ? null : id),
    );
    const refusal = this.around.book.refusal(id);
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
    const wish = this.around.book.wish(id)!;
    const back = button("Show again", () => {
      this.around.book.change(id, { hidden: false });
      this.around.touched();
    });
    return make(
      "li",
      { class: "vw-deleted" },
      make(
        "span",
        { class: "ns-sub" },
        `Deleted: ${SHAPE_NAMES[wish.geometry.shape]}${wish.label ? `, ${wish.label}` : ""}`,
      ),
      back,
    );
  }
}
