// How an image lies in its viewport. Pure: pixels in, screen out. Pixel coordinates as in
// docs/annotations.md: (0, 0) is the upper left corner of the first pixel.

import type { Point } from "./geometry";

/** Independent of the sizes of image and viewport, so that linked viewports can share it. */
export interface View {
  zoom: number; // 1 fits the whole image
  center: Point; // what is in the viewport's middle, as a share of the image's width and height
  rotation: number; // degrees, clockwise on the screen
  mirrored: boolean; // left and right exchanged before it is turned
}

export interface Box {
  width: number;
  height: number;
}

/** x' = a x + c y + e, y' = b x + d y + f, as in SVG and canvas. */
export interface Affine {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export const FIRST_VIEW: View = { zoom: 1, center: [0.5, 0.5], rotation: 0, mirrored: false };
export const MIN_ZOOM = 0.1;
export const MAX_ZOOM = 60;

/** The image as it should look: pixels that are not square are drawn in their proportion. */
export interface Picture extends Box {
  pixelWidth: number;
  pixelHeight: number;
}

export function turned(view: View, degrees: number): View {
  return { ...view, rotation: (((view.rotation + degrees) % 360) + 360) % 360 };
}

/** Exchange left and right as the reader sees them. */
export function flippedAcross(view: View): View {
  return { ...view, rotation: (360 - view.rotation) % 360, mirrored: !view.mirrored };
}

/** Exchange top and bottom as the reader sees them. */
export function flippedDown(view: View): View {
  return turned(flippedAcross(view), 180);
}

/** Screen pixels for a unit of the picture (a millimeter, or a pixel where none is known). */
export function scaleOf(view: View, picture: Picture, viewport: Box): number {
  const width = picture.width * picture.pixelWidth;
  const height = picture.height * picture.pixelHeight;
  const sideways = Math.round(view.rotation / 90) % 2 === 1;
  const [across, down] = sideways ? [height, width] : [width, height];
  return view.zoom * Math.min(viewport.width / across, viewport.height / down);
}

/** Pixels of the screen for a pixel of the image, along that side of it which gets fewer. */
export function magnificationOf(
  view: View,
  picture: Picture,
  viewport: Box,
  pixelRatio: number,
): number {
  const side = Math.min(picture.pixelWidth, picture.pixelHeight);
  return scaleOf(view, picture, viewport) * side * pixelRatio;
}

/** What a viewport says of it: 100 % is pixel for pixel. */
export function zoomNote(view: View, magnification: number): string {
  const percent = `${Math.round(magnification * 100)} %`;
  return Math.abs(view.zoom - 1) < 0.001 ? `Fit · ${percent}` : percent;
}

/** The turn and mirror alone: screen = [a c; b d] picture. */
export function orientation(view: View): { a: number; b: number; c: number; d: number } {
  const angle = (view.rotation * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const flip = view.mirrored ? -1 : 1;
  return { a: cos * flip, b: sin * flip, c: -sin, d: cos };
}

/** From pixel coordinates of the image to the viewport, whose upper left corner is (0, 0). */
export function toScreen(view: View, picture: Picture, viewport: Box): Affine {
  const scale = scaleOf(view, picture, viewport);
  const turn = orientation(view);
  const a = turn.a * scale * picture.pixelWidth;
  const b = turn.b * scale * picture.pixelWidth;
  const c = turn.c * scale * picture.pixelHeight;
  const d = turn.d * scale * picture.pixelHeight;
  const [x, y] = [view.center[0] * picture.width, view.center[1] * picture.height];
  return {
    a,
    b,
    c,
    d,
    e: viewport.width / 2 - a * x - c * y,
    f: viewport.height / 2 - b * x - d * y,
  };
}

export function apply(matrix: Affine, [x, y]: Point): Point {
  return [matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f];
}

export function inverse({ a, b, c, d, e, f }: Affine): Affine {
  const det = a * d - b * c;
  return {
    a: d / det,
    b: -b / det,
    c: -c / det,
    d: a / det,
    e: (c * f - d * e) / det,
    f: (b * e - a * f) / det,
  };
}

export function zoomed(
  view: View,
  factor: number,
  picture: Picture,
  viewport: Box,
  at?: Point,
): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, view.zoom * factor));
  if (!at) return { ...view, zoom };
  // What is under the pointer stays under it.
  const pixel = apply(inverse(toScreen(view, picture, viewport)), at);
  const now = apply(toScreen({ ...view, zoom }, picture, viewport), pixel);
  return panned({ ...view, zoom }, [at[0] - now[0], at[1] - now[1]], picture, viewport);
}

/** Move the picture by so many pixels of the screen. */
export function panned(view: View, [dx, dy]: Point, picture: Picture, viewport: Box): View {
  const back = inverse(toScreen(view, picture, viewport));
  const x = view.center[0] - (back.a * dx + back.c * dy) / picture.width;
  const y = view.center[1] - (back.b * dx + back.d * dy) / picture.height;
  const inside = (share: number) => Math.min(1.5, Math.max(-0.5, share));
  return { ...view, center: [inside(x), inside(y)] };
}
