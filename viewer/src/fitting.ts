// Which groups of icons fit into one line, and which go into the menu.

export interface GroupSize {
  /** The lower, the sooner it goes into the menu; one that fits stays, where a wider one does not. */
  rank: number;
  width: number;
}

/** Which groups stay in the bar, in a room of so many pixels; the menu's button needs its own. */
export function staying(groups: GroupSize[], room: number, gap: number, more: number): boolean[] {
  const all = groups.reduce((sum, { width }) => sum + width + gap, -gap);
  const stays = groups.map(() => all <= room);
  let left = room - more;
  const order = groups.map((_, at) => at).sort((a, b) => groups[b]!.rank - groups[a]!.rank);
  for (const at of order) {
    const width = groups[at]!.width + gap;
    if (stays[at] || width > left) continue;
    stays[at] = true;
    left -= width;
  }
  return stays;
}
