// Coloring a heatmap: one 8-bit channel in, colors and transparency out. No page in here.

/** The pixels of an image element: RGBA, drawn no larger than `longest` on its longer side. */
export function pixelsOf(image, longest = Infinity) {
  const scale = Math.min(1, longest / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * Paint heat with a color map, as `ml.overlay.blend` does: the opacity of a pixel grows with its
 * heat, so the anatomy stays as it was where the model did not look.
 *
 * `ramp` holds 256 RGBA colors, from heat 0 to heat 255.
 */
export function colorize(heat, ramp) {
  const painted = new ImageData(heat.width, heat.height);
  for (let at = 0; at < heat.data.length; at += 4) {
    const value = heat.data[at];
    const color = value * 4;
    painted.data[at] = ramp[color];
    painted.data[at + 1] = ramp[color + 1];
    painted.data[at + 2] = ramp[color + 2];
    painted.data[at + 3] = value;
  }
  return painted;
}

/** Draw the painted heat on a canvas with an overall opacity from 0 to 1. */
export function draw(canvas, painted, opacity) {
  const layer = document.createElement("canvas");
  layer.width = painted.width;
  layer.height = painted.height;
  layer.getContext("2d").putImageData(painted, 0, 0);
  canvas.width = painted.width;
  canvas.height = painted.height;
  const context = canvas.getContext("2d");
  context.globalAlpha = opacity;
  context.drawImage(layer, 0, 0);
}

/** An image that is loaded and decoded. */
export async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
