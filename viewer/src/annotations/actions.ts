// What a reader does with annotations beyond drawing them: undo and redo, choose, delete.

import { newId } from "../dom";
import type { DrawingTool } from "../drawing/tool";
import { refuse } from "../refusing";
import type { ViewportGrid } from "../viewportGrid";
import type { AnnotationStore } from "./store";
import { type Shown, visibleOn } from "./visible";

export interface ActionsSurroundings {
  grid: ViewportGrid;
  store: AnnotationStore;
  drawingTool: DrawingTool;
  shown: Shown;
  touched: () => void;
  showImage: (id: string) => void;
  /** Where the form of the chosen annotation is. */
  openPanel: () => void;
}

export class AnnotationActions {
  constructor(private readonly around: ActionsSurroundings) {
    const { store, drawingTool, touched } = around;
    drawingTool.onChanged = touched;
    drawingTool.onFinished = (image, geometry) => {
      const id = newId();
      store.draw(id, image, geometry);
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
    if (draft && draft.image !== grid.active.onScreen?.id) showImage(draft.image);
    if (draft?.hidden && drawingTool.selected === id) drawingTool.select(null);
    touched();
  }

  /** Delete what is chosen, where it can be seen; else show it first. */
  hideSelected(): void {
    const { store, drawingTool, grid, showImage, touched } = this.around;
    const id = drawingTool.selected;
    const draft = id && store.draft(id);
    if (!draft || !drawingTool.mayDraw) return;
    if (!grid.viewports.some(({ onScreen }) => onScreen?.id === draft.image)) {
      showImage(draft.image);
      refuse("Nothing was deleted: the annotation was on another image. Press again to delete it.");
      return;
    }
    drawingTool.select(null);
    store.change(id, { hidden: true });
    touched();
  }

  /** To the first number of the chosen annotation. */
  typeNumbers(): void {
    this.around.openPanel();
    const first = document.querySelector<HTMLInputElement>(
      "[data-annotation-form]:not([hidden]) input[type=number]",
    );
    first?.focus(); // which also scrolls to it
    first?.select();
  }

  /** To the form of the chosen annotation. */
  describe(): void {
    const form = document.querySelector<HTMLFormElement>("[data-annotation-form]:not([hidden])");
    if (form) {
      this.around.openPanel();
      form.querySelector("select")?.focus();
    } else refuse("Choose one of your own annotations first.");
  }

  selectNext(): void {
    const { store, drawingTool, grid, shown } = this.around;
    const image = grid.active.onScreen;
    if (!image) return;
    const { own, others } = visibleOn(image.id, store, shown);
    const ids = [...own, ...others.map(({ id }) => id)];
    const next = ids[(ids.indexOf(drawingTool.selected ?? "") + 1) % ids.length];
    if (next) drawingTool.select(next);
    else if (store.isAnnotated(image.id)) refuse("The annotations of this image are switched off.");
  }
}
