// One viewport: an image of a stack, its layers, and how it is looked at.

import { isBeingPrepared, Refused, SignedOut } from "./api";
import { coverNote } from "./covering";
import { type Frame, type Frames, outward } from "./frames";
import { HeatLayer, type HeatSurroundings } from "./heatLayer";
import { OrientationMarks } from "./orientationMarks";
import type { Renderer } from "./renderers/renderer";
import { ScaleBar } from "./scaleBar";
import { button, make, Signal } from "./signal";
import { placeNote, scaleNote } from "./spacing";
import { dateOf, pictureOf, releaseOf, resultsOf, type Stack } from "./studies";
import type { Analysis, ViewerImage } from "./types";
import {
  type Affine,
  type Box,
  FIRST_VIEW,
  magnificationOf,
  type Picture,
  toScreen,
  type View,
  zoomNote,
} from "./view";
import { firstWindow, type Window } from "./window";

export interface Surroundings extends HeatSurroundings {
  frames: Frames;
  regionsShown: () => boolean;
  makeRenderer: (host: HTMLDivElement) => Renderer;
}

const PREPARED_EVERY = 3000; // milliseconds
const SVG = "http://www.w3.org/2000/svg";

export class Viewport {
  readonly element: HTMLDivElement;
  readonly svg = document.createElementNS(SVG, "svg");
  readonly drawn = new Signal();
  view: View = FIRST_VIEW;
  window: Window | null = null; // null: as stored, for each image its own
  inverted = false;
  stack: Stack | null = null;
  index = 0;
  frame: Frame | null = null;
  /** Which analysis of an image the reader chose to see, by image. */
  readonly chosen = new Map<string, string>();

  private readonly host = make("div", { class: "vw-image" });
  private readonly heat: HeatLayer;
  private readonly corners = ["tl", "tr", "bl", "br"].map((place) =>
    make("p", { class: `vw-corner vw-${place}` }),
  );
  private readonly message = make("div", { class: "vw-message", role: "alert", hidden: true });
  private readonly marks: OrientationMarks;
  private readonly bar: ScaleBar;
  private readonly renderer: Renderer;
  private measured: Box | null = null;
  private arrived = 0; // which image `frame` is of: the next one to be drawn
  private drawnImage: ViewerImage | null = null;
  private pending = false;
  private drawing = false;
  private direction = 1;

  constructor(
    private readonly around: Surroundings,
    number: number,
  ) {
    this.svg.classList.add("vw-annotations");
    this.svg.setAttribute("aria-hidden", "true");
    this.heat = new HeatLayer(around, this);
    this.element = make(
      "div",
      {
        class: "vw-viewport",
        tabindex: "0",
        role: "application",
        "aria-label": `Viewport ${number}, empty`,
        "aria-describedby": "vw-how",
      },
      this.host,
      this.heat.canvas,
      this.svg,
      ...this.corners,
      this.message,
    );
    this.element.dataset.viewport = String(number);
    this.marks = new OrientationMarks(this.element);
    this.bar = new ScaleBar(this.element);
    this.renderer = around.makeRenderer(this.host);
  }

  /**
   * The image that is on the screen, and that every act is about: while the next one still loads, the
   * one before it; null where none is drawn yet, or the one that was asked for could not be loaded.
   */
  get onScreen(): ViewerImage | null {
    return this.drawnImage;
  }

  /** The number of the image that was asked for, while another is on the screen; else null. */
  get awaited(): number | null {
    const asked = this.stack?.images[this.index];
    return asked && this.drawnImage && asked !== this.drawnImage ? asked.number : null;
  }

  /** Measured when the size changes: to measure while a page is drawn costs milliseconds. */
  get box(): Box {
    this.measured ??= {
      width: this.element.clientWidth || 1,
      height: this.element.clientHeight || 1,
    };
    return this.measured;
  }

  get picture(): Picture | null {
    return this.onScreen && pictureOf(this.onScreen);
  }

  get matrix(): Affine | null {
    return this.picture && toScreen(this.view, this.picture, this.box);
  }

  /** Pixels of the screen for a pixel of the image; null where there is none. */
  get magnification(): number | null {
    return this.picture && magnificationOf(this.view, this.picture, this.box, devicePixelRatio);
  }

  get analysis(): Analysis | null {
    if (!this.onScreen) return null;
    const results = resultsOf(this.onScreen);
    const chosen = this.chosen.get(this.onScreen.id);
    return results.find((one) => one.id === chosen) ?? results[0] ?? null;
  }

  currentWindow(): Window | null {
    return this.window ?? (this.frame && firstWindow(this.frame));
  }

  open(stack: Stack, index = 0): void {
    this.stack = stack;
    this.index = this.arrived = Math.min(Math.max(0, index), stack.images.length - 1);
    this.frame = null;
    this.element.dataset.state = "empty";
    this.showNothing();
    this.element.dataset.study = String(stack.study.color);
    this.renderer.setStack(stack.images.map((image) => image.frame_url));
    void this.load();
  }

  goTo(index: number): boolean {
    if (!this.stack) return false;
    const next = Math.min(Math.max(0, index), this.stack.images.length - 1);
    if (next === this.index) return false;
    this.direction = next > this.index ? 1 : -1;
    this.index = next;
    void this.load();
    return true;
  }

  /** Stay at the image that is on the screen: what was on its way does not replace it. */
  stay(): void {
    const at = this.onScreen ? this.stack!.images.indexOf(this.onScreen) : this.index;
    if (at === this.index && at === this.arrived) return;
    this.index = at;
    void this.load();
  }

  async load(): Promise<void> {
    const { stack, index } = this;
    const image = stack?.images[index];
    if (!stack || !image) return;
    this.label();
    const here = this.around.frames.ready(image.frame_url);
    if (here) {
      this.arrive(here);
      return;
    }
    if (this.frame) this.element.dataset.state = "loading";
    try {
      const frame = await this.around.frames.load(image.frame_url);
      if (stack === this.stack && index === this.index) this.arrive(frame);
    } catch (error) {
      if (stack !== this.stack || index !== this.index) return;
      this.frame = null;
      this.arrived = index;
      this.element.dataset.state = "failed";
      this.showNothing();
      if (isBeingPrepared(error)) {
        this.waitFor(image);
        return;
      }
      if (error instanceof Refused && error.status === 409) {
        this.message.replaceChildren(make("p", {}, error.message));
        this.message.hidden = false;
        return; // the study page tries it again, for who may
      }
      const isSignedOut = error instanceof SignedOut;
      this.message.replaceChildren(
        make(
          "p",
          {},
          isSignedOut
            ? "You were signed out, so this image could not be loaded."
            : `Image ${image.number} could not be loaded. Check the network, then try again.`,
        ),
        button("Try again", () => void this.load()),
      );
      this.message.hidden = false;
      this.around.onFault(error);
    }
  }

  /** The server still decodes its pixels: ask again, as long as it is looked at. */
  private waitFor(image: ViewerImage): void {
    const { stack, index } = this;
    this.message.replaceChildren(
      make("p", {}, `Image ${image.number} is being prepared. It appears here by itself.`),
    );
    this.message.hidden = false;
    window.setTimeout(() => {
      if (stack === this.stack && index === this.index && !this.frame) void this.load();
    }, PREPARED_EVERY);
  }

  private showNothing(): void {
    this.drawnImage = null;
    delete this.element.dataset.shown;
    this.bar.hide();
    this.heat.wipe();
    this.drawn.emit();
  }

  private arrive(frame: Frame): void {
    this.frame = frame;
    this.arrived = this.index;
    this.message.hidden = true;
    this.element.dataset.state = "ready";
    const images = this.stack!.images;
    const order = [this.index, ...outward(this.index, images.length, this.direction)];
    this.around.frames.prefetch(this, {
      addresses: order.map((n) => images[n]!.frame_url),
      bytes: frame.pixels.byteLength,
    });
    this.request();
  }

  /** Draw soon, once, however often it is called. */
  request(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      if (this.drawing) return; // which asks again when it is done
      this.pending = false;
      this.drawing = true;
      this.draw()
        .catch((error) => this.around.onFault(error))
        .finally(() => {
          this.drawing = false;
          if (!this.pending) return;
          this.pending = false;
          this.request();
        });
    });
  }

  private async draw(): Promise<void> {
    const { frame, stack, arrived: index } = this;
    const image = stack?.images[index];
    const window = this.currentWindow();
    if (!frame || !image || !window || !this.element.isConnected) return;
    const { view, inverted, box: viewport } = this;
    const picture = pictureOf(image);
    await this.renderer.draw(index, { frame, picture, view, window, inverted, viewport });
    if (stack !== this.stack || !this.frame) return; // another series, or a failure, meanwhile
    this.drawnImage = image;
    this.element.dataset.shown = image.id;
    this.write(window);
    await this.heat.draw();
    this.drawn.emit();
  }

  /** The heatmap that is over the image now. */
  get heatShown(): { picture: HTMLCanvasElement; opacity: number } | null {
    return this.heat.shown;
  }

  private label(): void {
    const { stack } = this;
    if (!stack) return;
    const words = [
      `study of ${dateOf(stack.study.info.study_date)}`,
      stack.name,
      `image ${this.index + 1} of ${stack.images.length}`,
      coverNote(stack.images[this.index]!),
    ];
    this.element.setAttribute(
      "aria-label",
      `Viewport ${this.element.dataset.viewport}: ${words.filter(Boolean).join(", ")}`,
    );
  }

  private write(window: Window): void {
    const { stack, onScreen: image } = this;
    if (!stack || !image) return;
    const texts = [
      `${dateOf(stack.study.info.study_date)}\n${stack.name}`,
      `C ${Math.round(window.center)}  W ${Math.round(window.width)}${this.inverted ? "\nInverted" : ""}`,
      `${stack.images.indexOf(image) + 1} / ${stack.images.length}${placeNote(image)}\n${coverNote(image)}`.trim(),
      `${zoomNote(this.view, this.magnification!)}\n${scaleNote(image)}`.trim(),
    ];
    texts.forEach((text, n) => {
      this.corners[n]!.textContent = text;
    });
    this.marks.show(this.corners[1]!, image, this.view);
    this.bar.show(image, this.matrix!, this.box.height);
    const words = this.aiWords();
    if (words.length)
      this.corners[0]!.append(make("span", { class: "vw-ai-text" }, words.join("\n")));
  }

  /** Every layer of the AI names the release that made it. */
  aiWords(): string[] {
    const { analysis, around } = this;
    if (!analysis) return [];
    const release = releaseOf(analysis);
    return [
      ...(around.heat().on ? [`AI: where the model looked, by ${release}`] : []),
      ...(around.regionsShown() && analysis.regions?.length
        ? [`AI: suspected regions, by ${release}`]
        : []),
    ];
  }

  resize(): void {
    this.measured = null;
    this.renderer.resize();
    this.request();
  }

  destroy(): void {
    this.around.frames.leave(this);
    this.renderer.destroy();
    this.element.remove();
  }
}
