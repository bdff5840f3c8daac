// Coloring a heatmap: one 8-bit channel in, colors and transparency out. The study page loads this
// file as it is; the viewer's bundle has it built in (viewer/src/heat.ts). No page in here.

/**
 * One value a pixel, from 0 (the model did not look there) to 255 (there most).
 * @typedef {{ width: number, height: number, values: Uint8Array }} Heat
 */

/**
 * The heat in RGBA pixels: their first channel.
 * @param {ImageData} pixels
 * @returns {Heat}
 */
export function heatIn({ data, width, height }) {
  const values = new Uint8Array(width * height);
  for (let n = 0; n < values.length; n += 1) values[n] = data[4 * n] ?? 0;
  return { width, height, values };
}

/**
 * RGBA of a heatmap, as `ml.imaging.overlay.blend` paints it: the opacity of a pixel grows with its heat, so
 * the anatomy stays as it was where the model did not look. Below the threshold nothing is painted.
 * @param {Heat} heat
 * @param {ArrayLike<number>} ramp 256 RGBA colors, from heat 0 to heat 255
 * @param {number} threshold percent of the hottest
 * @returns {Uint8ClampedArray}
 */
export function colored({ values }, ramp, threshold = 0) {
  const rgba = new Uint8ClampedArray(values.length * 4);
  const lowest = (threshold / 100) * 255;
  values.forEach((value, n) => {
    if (value < lowest || value === 0) return;
    for (let channel = 0; channel < 3; channel += 1) {
      rgba[4 * n + channel] = ramp[4 * value + channel] ?? 0;
    }
    rgba[4 * n + 3] = value;
  });
  return rgba;
}

/**
 * A canvas of the heatmap's size with the colored heatmap on it.
 * @param {Heat} heat
 * @param {ArrayLike<number>} ramp
 * @param {number} threshold
 * @returns {HTMLCanvasElement}
 */
export function painted(heat, ramp, threshold = 0) {
  const canvas = document.createElement("canvas");
  canvas.width = heat.width;
  canvas.height = heat.height;
  const data = new ImageData(heat.width, heat.height);
  data.data.set(colored(heat, ramp, threshold));
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(data, 0, 0);
  return canvas;
}

/**
 * The RGBA pixels of a picture, drawn no larger than `longest` on its longer side.
 * @param {HTMLImageElement | ImageBitmap} picture
 * @param {number} longest
 * @returns {ImageData}
 */
export function pixelsOf(picture, longest = Number.POSITIVE_INFINITY) {
  const [width, height] =
    picture instanceof HTMLImageElement
      ? [picture.naturalWidth, picture.naturalHeight]
      : [picture.width, picture.height];
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
