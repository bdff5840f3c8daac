// The tools of the viewer that are no drawing: magnifier, probe, cine, key images, calibration. Each
// is a module of its own; here are their commands, and which of their buttons are pressed.

import type { Saving } from "../annotations/saving";
import type { AnnotationStore } from "../annotations/store";
import { all, tell } from "../dom";
import type { DrawingTool } from "../drawing/tool";
import type { Command } from "../keys";
import type { Viewport } from "../viewport";
import type { ViewportGrid } from "../viewportGrid";
import { CalibrationTool } from "./calibration";
import { Cine } from "./cine";
import { Hovering } from "./hovering";
import { KeyImages } from "./keyImages";
import { Magnifier } from "./magnifier";
import { Probe } from "./probe";

export interface ToolSurroundings {
  /** The study that the page is of: others may stand beside it. */
  study: string;
  grid: ViewportGrid;
  store: AnnotationStore;
  drawingTool: DrawingTool;
  saving: Saving;
  touched: () => void;
  cineRate: string | undefined;
  rememberCineRate: (rate: number) => void;
  fault: (error: unknown) => void;
}

export class Tools {
  private readonly probe = new Probe();
  private readonly magnifier = new Magnifier();
  private readonly hovering = new Hovering([this.magnifier, this.probe]);
  private readonly cine: Cine;
  private readonly keyImages: KeyImages;
  private readonly calibration: CalibrationTool;

  constructor(private readonly around: ToolSurroundings) {
    const { grid, drawingTool, fault } = around;
    drawingTool.isBelowLens = () => this.magnifier.on;
    this.cine = new Cine(grid, around.cineRate, around.rememberCineRate);
    this.keyImages = new KeyImages(grid, around.study, drawingTool.mayDraw, fault);
    this.calibration = new CalibrationTool(around);
  }

  attach(viewport: Viewport): void {
    this.hovering.attach(viewport);
    this.keyImages.attach(viewport);
  }

  /** Whether the images go by themselves. */
  get isMoving(): boolean {
    return this.cine.isRunning;
  }

  /** Stop them at the image on the screen; whether they moved. */
  settle(): boolean {
    return this.cine.settle();
  }

  commands(): Command[] {
    const command = (name: string, title: string, key: string, run: () => void): Command => ({
      name,
      title,
      group: "Tools",
      key,
      run: () => {
        run();
        this.hovering.again();
        this.show();
      },
    });
    return [
      command("magnifier", "Magnifier on or off", "Shift+Z", () => {
        this.magnifier.toggle();
        this.sayWhatFollows("The magnifier is on.", this.magnifier.on);
      }),
      command("probe", "Pixel probe on or off", "Shift+V", () => {
        this.probe.toggle();
        this.sayWhatFollows("The pixel probe is on.", this.probe.on);
      }),
      command("cine", "Cine: run through the series, or stop", "Shift+Space", () =>
        this.cine.toggle(),
      ),
      {
        ...command("key-image", "Star the image as a key image, or take the star away", "*", () =>
          this.keyImages.toggle().then(() => this.show()),
        ),
        isForReaders: true,
      },
      {
        ...command("calibrate", "Calibrate by a known length", "Shift+D", () =>
          this.calibration.begin(),
        ),
        isForReaders: true,
      },
    ];
  }

  /** Of a tool that follows the pointer: there is nothing to see of it while that is elsewhere. */
  private sayWhatFollows(what: string, on: boolean): void {
    if (on && !this.hovering.isOver) tell(`${what} Move the pointer over the image.`);
  }

  show(): void {
    const { active } = this.around.grid;
    const pressed = {
      magnifier: this.magnifier.on,
      probe: this.probe.on,
      cine: this.cine.isRunning,
      "key-image": Boolean(active.onScreen?.key_image),
      calibrate: Boolean(active.onScreen?.calibration),
    };
    for (const [name, on] of Object.entries(pressed)) {
      for (const one of all(`[data-command="${name}"]`))
        one.setAttribute("aria-pressed", String(on));
    }
    const stacks = new Set(this.around.grid.viewports.map((one) => one.stack));
    const images = [...stacks].flatMap((stack) => stack?.study.stacks ?? []);
    this.keyImages.show(images.flatMap((stack) => stack.images));
  }
}
