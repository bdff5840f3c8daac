// What is done to an image is done while it stands still: cine stops first. What judges an image, or
// marks it, does only that the first time: the image on the screen is another one than was pressed for.

import type { Command } from "../keys";

const JUDGES = /^(decide-.*|key-image|adopt|hide-mark)$/;
const STOPS = /^(finding-.*|sign-next|draw-.*|place|finish|place-middle|calibrate)$/;
export const STOPPED = "Cine is stopped. Press again for the image on the screen.";

/** `settle` stops cine, and says whether it ran. */
export function actsOnStill(
  command: Command,
  settle: () => boolean,
  refuse: (text: string) => void,
): Command {
  const isJudging = JUDGES.test(command.name);
  if (!isJudging && !STOPS.test(command.name)) return command;
  return {
    ...command,
    run: () => {
      if (settle() && isJudging) refuse(STOPPED);
      else command.run();
    },
  };
}
