// One viewport: an image of a stack, its layers, and how it is looked at.

import { SignedOut } from "./api";
import { type Frame, type Frames, outward } from "./frames";
import { type HeatChoice, heatOf, painted, rampOf } from "./heat";
import type { Renderer } from "./renderers/renderer";
import { button, make, Signal } from "./signal";
import { dateOf, pictureOf, releaseOf, resultsOf, type Stack } from "./studies";
import type { Analysis, ViewerImage } from "./types";
import { type Affine, type Box, FIRST_VIEW, type Picture, toScreen, type View } from "./view";
import { firstWindow, type Window } from "./window";

export interface Surroundings {
  frames: Frames;
  heat: () => HeatChoice;
  regionsShown: () => boolean;
  rampAddress: (colors: HeatChoice["colors"]) => string;
  makeRenderer: (host: HTMLDivElement) => Renderer;
  onFault: (error: unknown) => void;
}

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
  private readonly heat = make("canvas", { class: "vw-heat", "aria-hidden": "true" });
  private readonly corners = ["tl", "tr", "bl", "br"].map((place) =>
    make("p", { class: `vw-corner vw-${place}` }),
  );
  private readonly message = make("div", { class: "vw-message", role: "alert", hidden: true });
  private readonly renderer: Renderer;
  private measured: Box | null = null;
  private shownIndex = 0;
  private pending = false;
  private drawing = false;
  private direction = 1;
  private heatKey = "";
  private heatPicture: HTMLCanvasElement | null = null;

  constructor(
    private readonly around: Surroundings,
    number: number,
  ) {
    this.svg.classList.add("vw-annotations");
    this.svg.setAttribute("aria-hidden", "true");
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
      this.heat,
      this.svg,
      ...this.corners,
      this.message,
    );
    this.element.dataset.viewport = String(number);
    this.renderer = around.makeRenderer(this.host);
  }

  /** The image that is on the screen: while the next one still loads, the one before it. */
  get image(): ViewerImage | null {
    return this.stack?.images[this.shownIndex] ?? null;
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
    return this.image && pictureOf(this.image);
  }

  get matrix(): Affine | null {
    return this.picture && toScreen(this.view, this.picture, this.box);
  }

  get analysis(): Analysis | null {
    if (!this.image) return null;
    const results = resultsOf(this.image);
    const chosen = this.chosen.get(this.image.id);
    return results.find((one) => one.id === chosen) ?? results[0] ?? null;
  }

  currentWindow(): Window | null {
    return this.window ?? (this.frame && firstWindow(this.frame));
  }

  open(stack: Stack, index = 0): void {
    this.stack = stack;
    this.index = this.shownIndex = Math.min(Math.max(0, index), stack.images.length - 1);
    this.frame = null;
    this.element.dataset.state = "empty";
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
      this.shownIndex = index;
      this.wipeHeat();
      this.element.dataset.state = "failed";
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

  private arrive(frame: Frame): void {
    this.frame = frame;
    this.shownIndex = this.index;
    this.message.hidden = true;
    this.element.dataset.state = "ready";
    const images = this.stack!.images;
    this.around.frames.prefetch(
      outward(this.index, images.length, this.direction).map((n) => images[n]!.frame_url),
    );
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
    const { frame, picture } = this;
    const window = this.currentWindow();
    if (!frame || !picture || !window || !this.element.isConnected) return;
    const { view, inverted, box: viewport } = this;
    const index = this.shownIndex;
    await this.renderer.draw(index, { frame, picture, view, window, inverted, viewport });
    this.element.dataset.shown = this.stack!.images[index]!.id;
    this.write(window);
    await this.drawHeat();
    this.drawn.emit();
  }

  private async drawHeat(): Promise<void> {
    const choice = this.around.heat();
    const { analysis, image, matrix, box } = this;
    const context = this.heat.getContext("2d")!;
    const ratio = devicePixelRatio;
    const wanted = choice.on && analysis?.heatmap_url && image;
    // Before the next one is here, and where it never comes: no heatmap stands over another image.
    if (!wanted || this.element.dataset.heat !== analysis.id) this.wipeHeat();
    if (!wanted) return;
    const key = `${analysis.id} ${choice.colors} ${choice.threshold}`;
    if (key !== this.heatKey) {
      try {
        const [heat, ramp] = await Promise.all([
          heatOf(analysis.heatmap_url!),
          rampOf(this.around.rampAddress(choice.colors)),
        ]);
        if (this.image !== image || this.analysis !== analysis) return;
        this.heatPicture = painted(heat, ramp, choice.threshold);
        this.heatKey = key;
      } catch (error) {
        this.around.onFault(error);
        return;
      }
    }
    if (!this.around.heat().on) return this.drawHeat(); // let go of the key meanwhile
    this.heat.width = Math.round(box.width * ratio);
    this.heat.height = Math.round(box.height * ratio);
    const { a, b, c, d, e, f } = matrix!;
    context.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio);
    context.globalAlpha = choice.opacity / 100;
    context.drawImage(this.heatPicture!, 0, 0, image.width, image.height);
    this.element.dataset.heat = analysis.id;
  }

  private wipeHeat(): void {
    if (!this.element.dataset.heat) return;
    this.heat.width = this.heat.width; // wipes it
    delete this.element.dataset.heat;
  }

  private label(): void {
    const { stack } = this;
    if (!stack) return;
    this.element.setAttribute(
      "aria-label",
      `Viewport ${this.element.dataset.viewport}: study of ${dateOf(stack.study.info.study_date)}, ` +
        `${stack.name}, image ${this.index + 1} of ${stack.images.length}`,
    );
  }

  private write(window: Window): void {
    const { stack, image } = this;
    if (!stack || !image) return;
    const position =
      image.slice_position === null ? "" : ` · ${image.slice_position.toFixed(1)} mm`;
    const texts = [
      `${dateOf(stack.study.info.study_date)}\n${stack.name}`,
      `C ${Math.round(window.center)}  W ${Math.round(window.width)}${this.inverted ? "\nInverted" : ""}`,
      `${this.shownIndex + 1} / ${stack.images.length}${position}`,
      `${Math.round(this.view.zoom * 100)} %${image.pixel_spacing ? "" : "\nno scale: px"}`,
    ];
    texts.forEach((text, n) => {
      this.corners[n]!.textContent = text;
    });
    const words = this.aiWords();
    if (words.length)
      this.corners[0]!.append(make("span", { class: "vw-ai-text" }, words.join("\n")));
  }

  /** Every layer of the AI names the release that made it. */
  private aiWords(): string[] {
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
    this.renderer.destroy();
    this.element.remove();
  }
}
