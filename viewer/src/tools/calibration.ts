// Manual calibration: the reader draws a line along something whose length is known, and types it. The
// line is the calibration's and no annotation: it is of no finding, so no report and no list has it.

import type { Saving } from "../annotations/saving";
import type { AnnotationStore } from "../annotations/store";
import { addressOf, OutOfReach, Refused, read, send } from "../api";
import { page, tell } from "../dom";
import type { DrawingTool } from "../drawing/tool";
import { refuse } from "../refusing";
import { button, make } from "../signal";
import { coveredBy } from "../spacing";
import type { Stack } from "../studies";
import type { Geometry, SpacingCalibration, ViewerImage } from "../types";
import type { ViewportGrid } from "../viewportGrid";

export interface CalibrationSurroundings {
  grid: ViewportGrid;
  store: AnnotationStore;
  drawingTool: DrawingTool;
  saving: Saving;
  touched: () => void;
  fault: (error: unknown) => void;
}

type Line = Extract<Geometry, { shape: "length" }>;

export class CalibrationTool {
  private readonly dialog = make("dialog", {
    class: "vw-dialog vw-calibrate",
    "aria-labelledby": "calibrate-title",
  });
  private readonly length = make("input", {
    type: "number",
    step: "any",
    min: page.knownLeast!,
    max: page.knownMost!,
    class: "form-control form-control-sm",
    "aria-describedby": "calibrate-message",
    required: true,
  });
  private readonly series = make("input", { type: "checkbox" });
  private readonly message = make("p", { id: "calibrate-message", role: "alert" });
  private readonly withdraw = button("Withdraw the calibration", () => void this.takeBack());
  private line: Line | null = null;
  private asked: { image: ViewerImage; stack: Stack } | null = null; // what the dialog is about
  private chosen: string | null = null; // the annotation that the line is, where it is one
  private waitsForLine = false;

  constructor(private readonly around: CalibrationSurroundings) {
    const form = make(
      "form",
      {},
      make("h2", { id: "calibrate-title", class: "vw-h" }, "Calibrate by a known length"),
      make("p", {}, "The file states no pixel spacing. What you measure is labeled as manual."),
      make("label", { class: "vw-field" }, make("span", {}, "Length of the line, mm"), this.length),
      make("label", { class: "vw-check" }, this.series, "All images of this series of this size"),
      this.message,
      make(
        "div",
        { class: "vw-row" },
        make("button", { type: "submit", class: "btn btn-primary btn-sm" }, "Calibrate"),
        this.withdraw,
        button("Cancel", () => this.dialog.close()),
      ),
    );
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
    this.series.checked = true;
    this.dialog.append(form);
    this.dialog.addEventListener("close", () => around.grid.active.element.focus());
    document.body.append(this.dialog);
    around.drawingTool.changed.on(() => this.look());
  }

  /** With a length chosen: how long is it? Else a line is drawn first. */
  begin(): void {
    const { onScreen: image } = this.around.grid.active;
    const { drawingTool } = this.around;
    if (!image) return;
    if (!drawingTool.mayDraw) {
      refuse("Radiologists calibrate images.");
    } else if (image.pixel_spacing) {
      refuse("The file of this image states its pixel spacing: measurements use it.");
    } else if (this.chosenLine(image)) {
      this.ask(image);
    } else if (image.calibration) {
      this.ask(image); // to withdraw it; a new line makes a new one
    } else {
      this.waitsForLine = true;
      drawingTool.choose("length");
      tell("Draw a line along something whose length you know.");
    }
  }

  /** The line that was waited for is drawn. */
  private look(): void {
    const { drawingTool, grid } = this.around;
    if (!this.waitsForLine || drawingTool.unfinished) return;
    if (drawingTool.shape === "length") return;
    this.waitsForLine = false;
    const { onScreen: image } = grid.active;
    if (!image || !this.chosenLine(image)) return;
    this.ask(image);
    const { selected } = drawingTool;
    drawingTool.select(null);
    this.around.store.forget(selected!);
    this.around.touched();
  }

  private chosenLine(image: ViewerImage): Line | null {
    const { drawingTool, store } = this.around;
    const draft = drawingTool.selected ? store.draft(drawingTool.selected) : null;
    return draft?.image === image.id && draft.geometry.shape === "length" ? draft.geometry : null;
  }

  private ask(image: ViewerImage): void {
    this.asked = { image, stack: this.around.grid.active.stack! };
    this.line = this.chosenLine(image);
    this.chosen = this.line && this.around.drawingTool.selected;
    this.message.textContent = this.line
      ? ""
      : "To calibrate anew, draw a line along a known length and choose it first.";
    this.length.value = "";
    this.length.disabled = !this.line;
    this.withdraw.hidden = !image.calibration;
    if (!this.dialog.open) this.dialog.showModal();
    this.length.focus();
  }

  private async save(): Promise<void> {
    if (!this.asked) return;
    const { image, stack } = this.asked;
    if (!this.line) {
      this.message.textContent = "Draw a line along a known length and choose it first.";
      return;
    }
    const known = this.length.valueAsNumber;
    if (!this.length.checkValidity()) {
      this.message.textContent = page.knownLength!;
      this.length.focus();
      return;
    }
    const { start, end } = this.line;
    const { chosen } = this;
    this.take(chosen, true); // first: what is left is measured anew, as a version of its own
    const body = { start, end, known_mm: known, covers_series: this.series.checked };
    await this.change(stack, async () => {
      const address = addressOf(`images/${image.id}/calibrations/`);
      const made = await send<SpacingCalibration>(address, body).catch((error) => {
        this.take(chosen, false);
        throw error;
      });
      for (const one of coveredBy(made, stack)) one.calibration = made;
      tell(`Calibrated: ${made.mm_per_pixel.toFixed(3)} mm per pixel, labeled as manual.`);
    });
  }

  /** A line that was an annotation until it was said how long it is. */
  private take(id: string | null, away: boolean): void {
    const { store, drawingTool, touched } = this.around;
    if (!id || !store.draft(id)) return;
    drawingTool.select(away ? null : id);
    store.change(id, { hidden: away });
    touched();
  }

  private async takeBack(): Promise<void> {
    const calibration = this.asked?.image.calibration;
    if (!this.asked || !calibration) return;
    const { stack } = this.asked;
    await this.change(stack, async () => {
      await send(addressOf(`calibrations/${calibration.id}/withdraw/`), {});
      const address = addressOf(`studies/${stack.study.info.id}/calibrations/`);
      const left = await read<SpacingCalibration[]>(address);
      for (const one of stack.images) {
        one.calibration =
          left.find((other) => coveredBy(other, stack).some(({ id }) => id === one.id)) ?? null;
      }
      tell("The calibration is withdrawn.");
    });
  }

  /** The server measures the reader's annotations anew, so what waits goes there first. */
  private async change(stack: Stack, write: () => Promise<void>): Promise<void> {
    const { saving, grid, fault } = this.around;
    try {
      await saving.settled();
      await write();
      this.dialog.close();
      await saving.read(stack.study.info.id);
      grid.redraw();
    } catch (error) {
      if (error instanceof Refused || error instanceof OutOfReach)
        this.message.textContent = error.message;
      else fault(error);
    }
  }
}
