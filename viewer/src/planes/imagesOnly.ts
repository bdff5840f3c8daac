// What marks or judges an image is done on the images of the series, and not on a plane cut through them.

import type { Command } from "../keys";

export const OF_A_PLANE =
  "This plane is cut through the series. Go to the viewport with its images to mark or judge them.";
const OF_AN_IMAGE =
  /^(decide-.*|draw-.*|place|finish|place-middle|key-image|calibrate|adopt|compare|highest-slice)$/;

export interface Images {
  /** Whether the active viewport shows a plane. */
  isOfPlane: () => boolean;
  refuse: (text: string) => void;
}

export function actsOnImages(command: Command, { isOfPlane, refuse }: Images): Command {
  if (!OF_AN_IMAGE.test(command.name)) return command;
  return {
    ...command,
    run: () => {
      if (isOfPlane()) refuse(OF_A_PLANE);
      else command.run();
    },
  };
}
