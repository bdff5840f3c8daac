// What is printed of the viewer: each image on the screen as it is stored, never flipped nor turned,
// whole, under its window, with the layers that are switched on. Made as the printing begins.

import { coverNote } from "./covering";
import { page } from "./dom";
import type { AnnotationLayer } from "./drawing/layer";
import { sidesOf, turnOf } from "./orientation";
import { windowed } from "./renderers/canvas";
import { make } from "./signal";
import { dateOf, pictureOf } from "./studies";
import { timeOf } from "./times";
import { type Box, FIRST_VIEW, toScreen } from "./view";
import type { Viewport } from "./viewport";
import type { ViewportGrid } from "./viewportGrid";

const SVG = "http://www.w3.org/2000/svg";
const ACROSS = 800; // units of the drawing over an image: as on a screen of so many pixels

export class PrintSheet {
  private readonly sheet = make("section", { class: "vw-print", "aria-hidden": "true" });

  constructor(
    private readonly grid: ViewportGrid,
    private readonly layer: AnnotationLayer,
  ) {
    document.body.append(this.sheet);
    window.addEventListener("beforeprint", () => this.fill());
    window.addEventListener("afterprint", () => this.sheet.replaceChildren());
  }

  private fill(): void {
    const patient = document.querySelector(".ns-banner, .vw-whose")?.cloneNode(true);
    const shown = this.grid.viewports.filter(({ frame, onScreen }) => frame && onScreen);
    this.sheet.dataset.viewports = String(shown.length);
    this.sheet.replaceChildren(
      ...(patient ? [patient] : []),
      ...shown.map((viewport) => this.figure(viewport)),
      make("p", {}, `Printed from the viewer of NeuroScan, ${timeOf(new Date().toISOString())}.`),
    );
    this.sheet.dataset.study = page.study;
  }

  private figure(viewport: Viewport): HTMLElement {
    const image = viewport.onScreen!;
    const picture = pictureOf(image);
    const ratio = (picture.height * picture.pixelHeight) / (picture.width * picture.pixelWidth);
    const box: Box = { width: ACROSS, height: ACROSS * ratio };
    const drawing = make("div", { class: "vw-print-image" }, this.pixels(viewport));
    drawing.style.aspectRatio = String(1 / ratio);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    svg.classList.add("vw-annotations");
    const { analysis, element } = viewport;
    const matrix = toScreen(FIRST_VIEW, picture, box);
    this.layer.draw({ onScreen: image, analysis, element, box, matrix, svg });
    drawing.append(svg);
    for (const [place, text] of Object.entries(
      sidesOf(image.image_orientation, FIRST_VIEW) ?? {},
    )) {
      drawing.append(make("span", { class: `vw-side-letter vw-at-${place}` }, text));
    }
    return make("figure", {}, drawing, make("figcaption", {}, this.caption(viewport)));
  }

  private pixels(viewport: Viewport): HTMLCanvasElement {
    const frame = viewport.frame!;
    const canvas = make("canvas");
    [canvas.width, canvas.height] = [frame.columns, frame.rows];
    const context = canvas.getContext("2d")!;
    const data = new ImageData(frame.columns, frame.rows);
    data.data.set(windowed(frame, viewport.currentWindow()!, viewport.inverted));
    context.putImageData(data, 0, 0);
    const heat = viewport.heatShown;
    if (heat) {
      context.globalAlpha = heat.opacity / 100;
      context.drawImage(heat.picture, 0, 0, frame.columns, frame.rows);
    }
    return canvas;
  }

  private caption(viewport: Viewport): string {
    const stack = viewport.stack!;
    const window = viewport.currentWindow()!;
    const turn = turnOf(viewport.view);
    return [
      `Study of ${dateOf(stack.study.info.study_date)}, ${stack.name}, image ${viewport.onScreen!.number}`,
      `Center ${Math.round(window.center)}, width ${Math.round(window.width)}` +
        `${viewport.inverted ? ", inverted" : ""}`,
      turn
        ? `Printed as stored, neither flipped nor rotated (on the screen it was: ${turn})`
        : "As stored, neither flipped nor rotated",
      ...[coverNote(viewport.onScreen!)].filter(Boolean),
      ...viewport.aiWords(),
    ].join(". ");
  }
}
