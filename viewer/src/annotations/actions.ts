// What a reader does with annotations beyond drawing them: undo and redo, choose, delete.

import { newId, tell } from "../dom";
import type { DrawingTool } from "../drawing/tool";
import type { ViewportGrid } from "../viewportGrid";
import type { AnnotationStore } from "./store";

export interface ActionsSurroundings {
  grid: ViewportGrid;
  store: AnnotationStore;
  drawingTool: DrawingTool;
  touched: () => void;
  showImage: (id: string) => void;
}

export class AnnotationActions {
  constructor(private readonly around: ActionsSurroundings) {
    const { store, drawingTool, touched } = around;
    drawingTool.onChanged = touched;
    drawingTool.onFinished = (viewport, geometry) => {
      const id = newId();
      store.draw(id, viewport.image!.id, geometry);
      drawingTool.select(id);
      touched();
    };
  }

  undo(): void {
    this.goTo(this.around.store.undo());
  }

  redo(): void {
    this.goTo(this.around.store.redo());
  }

  /** What changed is shown, also where it lies on another image. */
  private goTo(id: string | null): void {
    if (!id) return;
    const { store, drawingTool, grid, showImage, touched } = this.around;
    const draft = store.draft(id);
    if (draft && draft.image !== grid.active.image?.id) showImage(draft.image);
    if (draft?.hidden && drawingTool.selected === id) drawingTool.select(null);
    touched();
  }

  hideSelected(): void {
    const { store, drawingTool, touched } = this.around;
    const id = drawingTool.selected;
    if (!id || !drawingTool.mayDraw || !store.draft(id)) return;
    drawingTool.select(null);
    store.change(id, { hidden: true });
    touched();
  }

  /** To the first number of the chosen annotation. */
  typeNumbers(): void {
    const first = document.querySelector<HTMLInputElement>(
      "[data-annotation-form] input[type=number]",
    );
    first?.focus(); // which also scrolls to it
    first?.select();
  }

  /** To the form of the chosen annotation. */
  describe(): void {
    const form = document.querySelector<HTMLFormElement>("[data-annotation-form]:not([hidden])");
    if (form) form.querySelector("select")?.focus();
    else tell("Choose one of your own annotations first.");
  }

  selectNext(): void {
    const { store, drawingTool, grid } = this.around;
    const image = grid.active.image;
    if (!image) return;
    const others = store.others.filter((one) => one.image === image.id).map((one) => one.id);
    const ids = [...store.ids(image.id), ...others];
    const next = ids[(ids.indexOf(drawingTool.selected ?? "") + 1) % ids.length];
    if (next) drawingTool.select(next);
  }
}
