// The heatmap over the image: one value a pixel, colored in the browser, so that nothing is loaded
// anew when the reader changes colors, opacity or threshold. The study page colors with the same code.

import { type Heat, heatIn, pixelsOf } from "../../static/js/analyses/heatmap.js";
import { request } from "./api";

export { colored, heatIn, painted } from "../../static/js/analyses/heatmap.js";

export const COLOR_MAPS = ["warm_cool", "viridis", "inferno"] as const;
export type ColorMap = (typeof COLOR_MAPS)[number];

export interface HeatChoice {
  on: boolean;
  opacity: number; // percent
  threshold: number; // percent of the hottest: below it nothing is drawn
  colors: ColorMap;
}

const heats = new Map<string, Promise<Heat>>();
const ramps = new Map<string, Promise<Uint8ClampedArray>>();

async function pictureOf(address: string): Promise<ImageData> {
  return pixelsOf(await createImageBitmap(await (await request(address)).blob()));
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
  return kept(heats, address, async () => heatIn(await pictureOf(address)));
}

export function rampOf(address: string): Promise<Uint8ClampedArray> {
  return kept(ramps, address, async () => (await pictureOf(address)).data);
}
