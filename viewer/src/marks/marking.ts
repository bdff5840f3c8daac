// What a reader does with marks beyond drawing them: undo and redo, choose, delete.

import { newId, tell } from "../dom";
import type { MarkPencil } from "../drawing/pencil";
import type { Stage } from "../stage";
import type { Book } from "./book";

export interface MarkingSurroundings {
  stage: Stage;
  book: Book;
  pencil: MarkPencil;
  touched: () => void;
  showImage: (id: string) => void;
}

export class Marking {
  constructor(private readonly around: MarkingSurroundings) {
    const { book, pencil, touched } = around;
    pencil.onChanged = touched;
    pencil.onFinished = (pane, geometry) => {
      const id = newId();
      book.draw(id, pane.image!.id, geometry);
      pencil.select(id);
      touched();
    };
  }

  undo(): void {
    this.goTo(this.around.book.undo());
  }

  redo(): void {
    this.goTo(this.around.book.redo());
  }

  /** What changed is shown, also where it lies on another image. */
  private goTo(id: string | null): void {
    if (!id) return;
    const { book, pencil, stage, showImage, touched } = this.around;
    const wish = book.wish(id);
    if (wish && wish.image !== stage.active.image?.id) showImage(wish.image);
    if (wish?.hidden && pencil.selected === id) pencil.select(null);
    touched();
  }

  hideSelected(): void {
    const { book, pencil, touched } = this.around;
    const id = pencil.selected;
    if (!id || !pencil.mayDraw || !book.wish(id)) return;
    pencil.select(null);
    book.change(id, { hidden: true });
    touched();
  }

  /** To the first number of the chosen mark. */
  typeNumbers(): void {
    const first = document.querySelector<HTMLInputElement>("[data-mark-form] input[type=number]");
    first?.focus(); // which also scrolls to it
    first?.select();
  }

  /** To what can be said of the chosen mark. */
  describe(): void {
    const form = document.querySelector<HTMLFormElement>("[data-mark-form]:not([hidden])");
    if (form) form.querySelector("select")?.focus();
    else tell("Choose one of your own marks first.");
  }

  selectNext(): void {
    const { book, pencil, stage } = this.around;
    const image = stage.active.image;
    if (!image) return;
    const others = book.others.filter((one) => one.image === image.id).map((one) => one.id);
    const ids = [...book.ids(image.id), ...others];
    const next = ids[(ids.indexOf(pencil.selected ?? "") + 1) % ids.length];
    if (next) pencil.select(next);
  }
}
