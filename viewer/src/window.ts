// Window and level: which values are shown as black and as white.

import type { Frame } from "./frames";
import type { FrameHeader } from "./types";

export interface Window {
  center: number;
  width: number;
}

export interface Preset {
  name: string;
  of: (frame: Frame) => Window;
}

const between = (low: number, high: number): Window => ({
  center: (low + high) / 2,
  width: Math.max(1, high - low),
});

// MR values have no units: presets are shares of the values that this image has.
const share = (facts: FrameHeader, from: number, to: number): Window => {
  const range = facts.maximum - facts.minimum;
  return between(facts.minimum + from * range, facts.minimum + to * range);
};

export const PRESETS: Preset[] = [
  { name: "As stored", of: firstWindow },
  { name: "Full range", of: (facts) => share(facts, 0, 1) },
  { name: "Soft tissue", of: (facts) => share(facts, 0.1, 0.7) },
  { name: "High contrast", of: (facts) => share(facts, 0.25, 0.6) },
  { name: "Dark detail", of: (facts) => share(facts, 0, 0.35) },
  { name: "Bright detail", of: (facts) => share(facts, 0.5, 1) },
  { name: "Automatic: 1 to 99 % of the pixels", of: (frame) => percentiles(frame, 0.01, 0.99) },
  { name: "Automatic, more contrast: 5 to 95 %", of: (frame) => percentiles(frame, 0.05, 0.95) },
];

const BACKGROUND = 0.02; // of the range: what is darker is air, and half of an image of a head is air
const found = new WeakMap<Frame, Uint32Array>();

/** How many pixels have each value; counted once for a frame. */
function histogramOf(frame: Frame): Uint32Array {
  const known = found.get(frame);
  if (known) return known;
  const counts = new Uint32Array(frame.maximum + 1);
  for (const value of frame.pixels) counts[value]! += 1;
  found.set(frame, counts);
  return counts;
}

/** From one share of the pixels that are not background to another. */
export function percentiles(frame: Frame, from: number, to: number): Window {
  const { minimum, maximum } = frame;
  const counts = histogramOf(frame);
  const floor = Math.floor(minimum + BACKGROUND * (maximum - minimum)) + 1;
  let total = 0;
  for (let value = floor; value <= maximum; value += 1) total += counts[value]!;
  if (!total) return between(minimum, maximum);
  const valueAt = (share: number) => {
    let [value, left] = [floor, share * total];
    while (value < maximum && left > counts[value]!) {
      left -= counts[value]!;
      value += 1;
    }
    return value;
  };
  return between(valueAt(from), valueAt(to));
}

/** The windows of the file but for the first, which is what it is shown with as stored. */
export function furtherWindows({ windows }: FrameHeader): Window[] {
  return windows.slice(1);
}

export function firstWindow(facts: FrameHeader): Window {
  return { center: facts.window_center, width: facts.window_width };
}

export function limited(window: Window, facts: FrameHeader): Window {
  const top = facts.bits === 8 ? 255 : 65535;
  return {
    center: Math.min(top * 1.5, Math.max(-top / 2, window.center)),
    width: Math.min(top * 2, Math.max(1, window.width)),
  };
}

/** What a drag of so many screen pixels changes: right is wider, up is brighter. */
export function dragged(window: Window, dx: number, dy: number, facts: FrameHeader): Window {
  const step = Math.max(1, facts.maximum - facts.minimum) / 400;
  return limited({ center: window.center + dy * step, width: window.width + dx * step }, facts);
}

export function rangeOf(window: Window): { lower: number; upper: number } {
  return { lower: window.center - window.width / 2, upper: window.center + window.width / 2 };
}
