// What is done to an image is done while it stands still, and to the image that was asked for. Cine
// stops first; what judges an image does only that the first time: the image on the screen is another
// one than was pressed for. While the next image still loads, nothing is done to the one before it.

import type { Command } from "../keys";

const JUDGES = /^(decide-.*|key-image|adopt|hide-mark)$/;
const MARKS = /^(select-next|place|finish|place-middle)$/;
const STOPS = /^(finding-.*|sign-next|draw-.*|place|finish|place-middle|calibrate)$/;
export const STOPPED = "Cine is stopped. Press again for the image on the screen.";

export interface Screen {
  /** Stops cine; whether it ran. */
  settle: () => boolean;
  /** The number of the image that was asked for, while another is on the screen; else null. */
  awaited: () => number | null;
  refuse: (text: string) => void;
}

/** Why nothing is done to the image that was asked for while another is on the screen. */
export function loading(awaited: number): string {
  return `Image ${awaited} is loading: press again once it is shown.`;
}

export function actsOnStill(command: Command, { settle, awaited, refuse }: Screen): Command {
  const isJudging = JUDGES.test(command.name);
  const isStopping = isJudging || STOPS.test(command.name);
  const isOfImage = isJudging || MARKS.test(command.name);
  if (!isStopping && !isOfImage) return command;
  return {
    ...command,
    run: () => {
      const wasMoving = isStopping && settle();
      const next = isOfImage ? awaited() : null;
      if (wasMoving && isJudging) refuse(STOPPED);
      else if (next !== null) refuse(loading(next));
      else command.run();
    },
  };
}
