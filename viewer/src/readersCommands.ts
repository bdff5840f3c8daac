// What only a radiologist can do: others have neither the key nor its line in the list of keys.

import type { Command } from "./keys";

const OF_READERS = /^(?:decide|finding|draw|place)-|^(?:sign-next|next-study|place|finish)$/;
const OF_THE_ANNOTATIONS = new Set(["adopt", "describe", "hide-mark", "undo", "redo"]);
const OF_THE_IMAGES = new Set(["key-image", "calibrate"]);
const TITLES: Record<string, string> = { report: "Read the report of this study" };

const isForReaders = ({ name }: Command) =>
  OF_READERS.test(name) || OF_THE_ANNOTATIONS.has(name) || OF_THE_IMAGES.has(name);

export function withoutReadersCommands(commands: Command[]): Command[] {
  return commands
    .filter((one) => !isForReaders(one))
    .map((one) => ({ ...one, title: TITLES[one.name] ?? one.title }));
}
