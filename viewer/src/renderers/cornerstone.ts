// The one door to Cornerstone3D: it draws a frame on the graphics card under the viewer's camera.
//
// Cornerstone counts world coordinates from the center of the first pixel; the viewer counts pixels
// from its corner (docs/annotations.md). `worldOf` is where the two meet.

import {
  cache,
  Enums,
  getConfiguration,
  getRenderingCapabilities,
  imageLoader,
  init,
  metaData,
  RenderingEngine,
  type StackViewport,
  type Types,
} from "@cornerstonejs/core";
import type { Frame } from "../frames";
import type { Point } from "../geometry";
import { orientation, type Picture, scaleOf } from "../view";
import { rangeOf } from "../window";
import type { Drawing, Renderer } from "./renderer";

const SCHEME = "neuroscan";
const FAR = 1000; // the camera's distance; any will do, the projection is parallel

type Source = (address: string) => { frame: Frame; picture: Picture } | undefined;
let source: Source = () => undefined;
let engine: RenderingEngine | null = null;

const idOf = (address: string) => `${SCHEME}:${address}`;
const addressOf = (imageId: string) => imageId.slice(SCHEME.length + 1);

export function worldOf([x, y]: Point, picture: Picture): Types.Point3 {
  return [(x - 0.5) * picture.pixelWidth, (y - 0.5) * picture.pixelHeight, 0];
}

/** Where the frames and their facts are. */
export function readFramesFrom(from: Source): void {
  source = from;
}

/** Start Cornerstone. False where the browser has no WebGL, or it cannot be used. */
export function startCornerstone(): boolean {
  if (!getRenderingCapabilities().webgl2) return false;
  // One for all viewports: each more costs time when the viewer opens, and memory.
  const given = getConfiguration();
  init({ ...given, rendering: { ...given.rendering, webGlContextCount: 1 } });
  cache.setMaxCacheSize(256 * 1024 ** 2); // small: the frames themselves are kept by Frames
  imageLoader.registerImageLoader(SCHEME, load as never);
  metaData.addProvider(describe, 10);
  engine = new RenderingEngine("neuroscan");
  return true;
}

function load(imageId: string): { promise: Promise<unknown> } {
  const found = source(addressOf(imageId));
  if (!found) return { promise: Promise.reject(new Error("The frame is not loaded yet.")) };
  return { promise: Promise.resolve(imageOf(imageId, found.frame, found.picture)) };
}

function imageOf(imageId: string, frame: Frame, picture: Picture): object {
  return {
    imageId,
    rows: frame.rows,
    columns: frame.columns,
    height: frame.rows,
    width: frame.columns,
    minPixelValue: frame.minimum,
    maxPixelValue: frame.maximum,
    slope: 1,
    intercept: 0,
    windowCenter: frame.window_center,
    windowWidth: frame.window_width,
    color: frame.samples === 3,
    rgba: false,
    numberOfComponents: frame.samples,
    photometricInterpretation: frame.photometric,
    columnPixelSpacing: picture.pixelWidth,
    rowPixelSpacing: picture.pixelHeight,
    invert: false,
    sizeInBytes: frame.pixels.byteLength,
    dataType: frame.pixels.constructor.name,
    getPixelData: () => frame.pixels,
    imageFrame: {},
  };
}

function describe(type: string, imageId: unknown): unknown {
  if (typeof imageId !== "string" || !imageId.startsWith(`${SCHEME}:`)) return undefined;
  const found = source(addressOf(imageId));
  if (!found) return undefined;
  const { frame, picture } = found;
  if (type === "imagePixelModule") {
    return {
      bitsAllocated: frame.bits,
      bitsStored: frame.bits,
      highBit: frame.bits - 1,
      samplesPerPixel: frame.samples,
      pixelRepresentation: 0,
      photometricInterpretation: frame.photometric,
      modality: "MR",
    };
  }
  if (type === "imagePlaneModule") {
    return {
      frameOfReferenceUID: "viewer",
      rows: frame.rows,
      columns: frame.columns,
      imagePositionPatient: [0, 0, 0],
      imageOrientationPatient: [1, 0, 0, 0, 1, 0],
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      rowPixelSpacing: picture.pixelHeight,
      columnPixelSpacing: picture.pixelWidth,
      pixelSpacing: [picture.pixelHeight, picture.pixelWidth],
    };
  }
  if (type === "generalSeriesModule") return { modality: "MR" };
  if (type === "voiLutModule") {
    return { windowCenter: [frame.window_center], windowWidth: [frame.window_width] };
  }
  return undefined;
}

let count = 0;

export class CornerstoneRenderer implements Renderer {
  private readonly id = `viewport-${++count}`;
  private stack: string[] = [];
  private isSet = false;
  private index = -1;

  constructor(element: HTMLDivElement) {
    engine!.enableElement({
      viewportId: this.id,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    });
  }

  private get viewport(): StackViewport {
    return engine!.getViewport(this.id) as StackViewport;
  }

  setStack(addresses: string[]): void {
    this.stack = addresses.map(idOf);
    this.isSet = false;
  }

  async draw(index: number, drawing: Drawing): Promise<void> {
    const viewport = this.viewport;
    if (!this.isSet) {
      await viewport.setStack(this.stack, index);
      this.isSet = true;
    } else if (index !== this.index) {
      await viewport.setImageIdIndex(index);
    }
    this.index = index;
    viewport.setProperties({ voiRange: rangeOf(drawing.window), invert: drawing.inverted }, true);
    viewport.setCamera(cameraOf(drawing));
    viewport.render();
  }

  resize(): void {
    engine!.resize(true, false);
  }

  destroy(): void {
    engine!.disableElement(this.id);
  }
}

function cameraOf({ view, picture, viewport }: Drawing): Types.ICamera {
  const turn = orientation(view);
  // The screen's right and up as directions in the picture: the turn the other way round.
  const right: Point = [turn.a, turn.c];
  const up: Point = [-turn.b, -turn.d];
  const toward = right[0] * up[1] - right[1] * up[0]; // +1 or -1: a mirrored image is seen from behind
  const [x, y] = worldOf(
    [view.center[0] * picture.width, view.center[1] * picture.height],
    picture,
  );
  return {
    focalPoint: [x, y, 0],
    position: [x, y, toward * FAR],
    viewUp: [up[0], up[1], 0],
    parallelScale: viewport.height / 2 / scaleOf(view, picture, viewport),
  };
}
