// While the AI results of a study are withheld (read-first) what is about them does nothing, and says so: a layer that
// nobody sees is not to be switched on for the moment after the finding was committed.

import type { Command } from "./keys";

export const WITHHELD = "AI results are withheld until you commit your finding.";
export const WITHHELD_FROM_OTHERS = "AI results are withheld until the study is read.";
export const COMMIT_FIRST = "Commit your finding first: the AI result is withheld until then.";

export interface Disclosure {
  /** Why nothing of the AI is shown in the active viewport; "" where it is. */
  whyWithheld: () => string;
  refuse: (text: string) => void;
}

export function actsOnDisclosed(command: Command, { whyWithheld, refuse }: Disclosure): Command {
  if (command.group !== "AI layer") return command;
  const { run, release } = command;
  let isHeld = false; // what was refused has nothing to let go of
  return {
    ...command,
    run: () => {
      const why = whyWithheld();
      isHeld = !why;
      if (why) refuse(why);
      else run();
    },
    ...(release && {
      release: () => {
        if (isHeld) release();
        isHeld = false;
      },
    }),
  };
}
