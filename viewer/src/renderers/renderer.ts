import type { Frame } from "../frames";
import type { Box, Picture, View } from "../view";
import type { Window } from "../window";

export interface Drawing {
  frame: Frame;
  picture: Picture;
  view: View;
  window: Window;
  inverted: boolean;
  viewport: Box;
}

/** Draws one image into a viewport. The layers above it are drawn elsewhere, alike for each. */
export interface Renderer {
  /** Stack of addresses, in order; the frames come from the viewer's memory. */
  setStack(addresses: string[]): void;
  draw(index: number, drawing: Drawing): Promise<void>;
  resize(): void;
  destroy(): void;
}
