// The heatmap over the image: one value a pixel, colored here, so that nothing is loaded anew when
// the reader changes colors, opacity or threshold.

import { ask } from "./api";

export const COLOR_MAPS = ["warm_cool", "viridis", "inferno"] as const;
export type ColorMap = (typeof COLOR_MAPS)[number];

export interface HeatChoice {
  on: boolean;
  opacity: number; // percent
  threshold: number; // percent of the hottest: below it nothing is drawn
  colors: ColorMap;
}

export interface Heat {
  width: number;
  height: number;
  values: Uint8Array;
}

const heats = new Map<string, Promise<Heat>>();
const ramps = new Map<string, Promise<Uint8ClampedArray>>();

async function pixelsOf(address: string): Promise<ImageData> {
  const picture = await createImageBitmap(await (await ask(address)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, picture.width, picture.height);
}

function kept<T>(known: Map<string, Promise<T>>, address: string, load: () => Promise<T>) {
  const found = known.get(address);
  if (found) return found;
  const promise = load();
  known.set(address, promise);
  promise.catch(() => known.delete(address));
  return promise;
}

export function heatOf(address: string): Promise<Heat> {
  return kept(heats, address, async () => {
    const { data, width, height } = await pixelsOf(address);
    const values = new Uint8Array(width * height);
    for (let n = 0; n < values.length; n += 1) values[n] = data[4 * n]!;
    return { width, height, values };
  });
}

export function rampOf(address: string): Promise<Uint8ClampedArray> {
  return kept(ramps, address, async () => (await pixelsOf(address)).data);
}

/** RGBA of a heatmap: the hotter the less transparent, nothing below the threshold. */
export function colored(heat: Heat, ramp: Uint8ClampedArray, threshold: number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(heat.values.length * 4);
  const lowest = (threshold / 100) * 255;
  for (let n = 0; n < heat.values.length; n += 1) {
    const value = heat.values[n]!;
    if (value < lowest || value === 0) continue;
    rgba.set(ramp.subarray(4 * value, 4 * value + 3), 4 * n);
    rgba[4 * n + 3] = value;
  }
  return rgba;
}

export function painted(heat: Heat, rgba: Uint8ClampedArray): OffscreenCanvas {
  const canvas = new OffscreenCanvas(heat.width, heat.height);
  const data = new ImageData(heat.width, heat.height);
  data.data.set(rgba);
  canvas.getContext("2d")!.putImageData(data, 0, 0);
  return canvas;
}
