// Axial, coronal and sagittal planes through the series on the screen, beside it (multiplanar
// reconstruction). They are stacks like any other, of images that are cut when they are looked at: the
// viewport, its side letters, scale, lines and steps know no difference. Nothing is marked or judged on
// them: that is done on the images of the series.

import { coveredPlanes } from "../covering";
import { tell } from "../dom";
import { type Frame, type Frames, MADE } from "../frames";
import { dot, nearest, planeOf, toPatient } from "../placing";
import { refuse } from "../refusing";
import type { Stack } from "../studies";
import type { PlaneEnum, ViewerImage } from "../types";
import type { Viewport } from "../viewport";
import type { ViewportGrid } from "../viewportGrid";
import { type Cuts, cut, cutsOf, type Slab, thickest } from "./cutting";
import { regularSlices, type Volume, volumeOf } from "./volume";

const PLANES: PlaneEnum[] = ["axial", "coronal", "sagittal"];
const AT_ONCE = 4;
const WORDS = { none: "", maximum: "maximum", average: "average" };

/** What a viewport shows, and how. */
type Hung = Pick<Viewport, "index" | "view" | "window" | "inverted"> & {
  stack: Stack;
  isActive: boolean;
};

interface Made {
  volume: Volume;
  cuts: Cuts;
  at: number;
  slab: Slab;
  image: ViewerImage;
}

export class Planes {
  slab: Slab = { join: "none", thickness: 10 };
  private readonly made = new Map<string, Made>(); // by the address of the frame
  private current: { stack: Stack; volume: Volume; before: Hung[] } | null = null;
  private loading: Stack | null = null;
  private isPlacing = false; // they are on their way to the screen

  constructor(
    private readonly grid: ViewportGrid,
    private readonly frames: Frames,
    private readonly setViewports: (count: number, areFilled?: boolean) => void,
  ) {
    grid.changed.on(() => {
      if (!this.on && !this.isPlacing) this.forget();
    });
  }

  get on(): boolean {
    return this.grid.viewports.some(({ stack }) => stack?.original);
  }

  imageOf(address: string): ViewerImage | undefined {
    return this.made.get(address)?.image;
  }

  /** The pixels of a plane, cut now; undefined for the address of another frame. */
  frameOf(address: string): Frame | undefined {
    const one = this.made.get(address);
    return one && cut(one.volume, one.cuts, one.at, one.slab);
  }

  /** No plane is on the screen any more: their volume is up to 256 MB. */
  private forget(): void {
    this.current = null;
    this.made.clear();
  }

  /** Beside the series on the screen, or away again. */
  async toggle(): Promise<void> {
    const { active } = this.grid;
    const stack = active.stack;
    if (!stack) return;
    if (this.on) {
      this.close();
      return;
    }
    const { slices, why } = regularSlices(stack.images);
    if (!slices) {
      refuse(why);
      return;
    }
    if (this.loading === stack) return;
    this.loading = stack;
    try {
      const frames = await this.load(slices.images);
      if (this.loading !== stack) return;
      const volume = volumeOf(slices, frames);
      if (!volume) {
        refuse(
          "The slices of this series are of color, or of values that differ: no planes are cut.",
        );
        return;
      }
      if (this.grid.active.stack !== stack) return; // the reader went on meanwhile
      // A series has one frame of reference, whether or not its files name it.
      stack.frameOfReference ||= `series ${stack.series}`;
      this.isPlacing = true;
      this.current = { stack, volume, before: this.hung() };
      const limit = this.keepSlabWhole();
      this.show(stack, this.grid.active.index);
      tell(
        `Axial, coronal and sagittal planes. Drag in one to place the crosshair. ${limit}`.trim(),
      );
    } finally {
      this.isPlacing = false;
      if (this.loading === stack) this.loading = null;
    }
  }

  private async load(images: ViewerImage[]): Promise<Frame[]> {
    const frames: Frame[] = [];
    let next = 0;
    const work = async () => {
      while (next < images.length) {
        const at = next++;
        frames[at] = await this.frames.load(images[at]!.frame_url);
        if (at && at % 20 === 0) tell(`Reading the slices: ${at} of ${images.length}.`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return frames;
  }

  private hung(): Hung[] {
    const { active, viewports } = this.grid;
    return viewports.flatMap((one) => {
      const { stack, index, view, window, inverted } = one;
      return stack ? [{ stack, index, view, window, inverted, isActive: one === active }] : [];
    });
  }

  private hang(
    viewport: Viewport,
    { stack, index, view, window, inverted }: Omit<Hung, "isActive">,
  ) {
    if (viewport.stack !== stack) this.grid.open(stack, index, viewport);
    else viewport.goTo(index);
    Object.assign(viewport, { view, window, inverted });
    viewport.request();
  }

  private show(stack: Stack, index: number): void {
    const { view, window, inverted } = this.grid.active;
    this.setViewports(PLANES.length + 1, false);
    const [first, ...others] = this.grid.viewports;
    const look = { view, window, inverted };
    this.hang(first!, { stack, index, ...look });
    // Through the middle of the slice on the screen, which its viewport may not have drawn yet.
    const image = stack.images[index]!;
    const middle = toPatient(planeOf(image)!, [image.width / 2, image.height / 2]);
    for (const [n, stacked] of this.stacks().entries())
      this.hang(others[n]!, { stack: stacked, index: nearest(stacked.images, middle), ...look });
    this.grid.activate(first!);
  }

  /** What hung before is there again, the series at the slice that it went to meanwhile. */
  private close(): void {
    const { stack, before } = this.current!;
    const series = this.hung().find((one) => one.stack === stack);
    this.setViewports(before.length, false);
    for (const [n, one] of before.entries())
      this.hang(this.grid.viewports[n]!, (one.isActive && series) || one);
    this.grid.activate(this.grid.viewports[before.findIndex(({ isActive }) => isActive)]!);
  }

  /** No thicker than every voxel of it is looked at; the sentence that says so, where it was. */
  private keepSlabWhole(): string {
    const { current, slab } = this;
    const most = current ? thickest(cutsOf(current.volume, "axial").step) : slab.thickness;
    if (slab.join === "none" || slab.thickness <= most) return "";
    this.slab = { ...slab, thickness: most };
    return `The slab is ${most} mm thick, the most of this series: a thicker one would leave voxels out.`;
  }

  /** The planes anew, as thick as was chosen, where they stood. */
  useSlab(slab: Slab): void {
    this.slab = slab;
    if (!this.current || !this.on) return;
    const limit = this.keepSlabWhole();
    const stacks = new Map(this.stacks().map((one) => [one.plane, one]));
    for (const viewport of this.grid.viewports) {
      const { stack, index } = viewport;
      if (stack?.original) this.grid.open(stacks.get(stack.plane)!, index, viewport);
    }
    const { join, thickness } = this.slab;
    tell(join === "none" ? "No slab." : limit || `Slab of ${thickness} mm: ${WORDS[join]}.`);
  }

  nextSlab(): void {
    if (!this.on) {
      refuse("Show the planes first: a slab is of them.");
      return;
    }
    const joins = ["none", "maximum", "average"] as const;
    const join = joins[(joins.indexOf(this.slab.join) + 1) % joins.length]!;
    this.useSlab({ ...this.slab, join });
  }

  private stacks(): Stack[] {
    const { stack, volume } = this.current!;
    this.made.clear();
    return PLANES.map((plane) => this.stackOf(stack, volume, plane));
  }

  private stackOf(original: Stack, volume: Volume, plane: PlaneEnum): Stack {
    const { slab } = this;
    const cuts = cutsOf(volume, plane);
    const thick = slab.join === "none" ? "" : ` · ${slab.thickness} mm ${WORDS[slab.join]}`;
    const images = Array.from({ length: cuts.count }, (_, at) => {
      const address = `${MADE}${original.series}:${plane}:${at}:${slab.join}:${slab.thickness}`;
      const image = imageOf(address, cuts, at, volume, original.images[0]!);
      this.made.set(address, { volume, cuts, at, slab, image });
      return image;
    });
    return {
      ...original,
      name: `${original.name} · ${plane}${thick}${coveredPlanes(original.images)}`,
      statement: null,
      plane,
      original,
      images,
    };
  }
}

function imageOf(
  address: string,
  cuts: Cuts,
  at: number,
  { frame }: Volume,
  model: ViewerImage,
): ViewerImage {
  const { origin, normal, right, down, step } = cuts;
  const place = origin.map((value, n) => value + at * step * normal[n]!);
  return {
    ...model,
    id: address,
    number: at + 1,
    filename: "",
    sop_instance_uid: "",
    width: cuts.width,
    height: cuts.height,
    bits_stored: frame.bits,
    pixel_spacing: { row: step, column: step },
    slice_position: dot(place as unknown as typeof normal, normal),
    slice_thickness: null,
    image_position: place as unknown as NonNullable<ViewerImage["image_position"]>,
    image_orientation: [...right, ...down] as unknown as NonNullable<
      ViewerImage["image_orientation"]
    >,
    calibration: null,
    key_image: false,
    mask: [],
    border_text: [],
    frame_url: address,
    analyses: [],
  };
}
