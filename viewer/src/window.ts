// Window and level: which values are shown as black and as white.

import type { FrameHeader } from "./types";

export interface Window {
  center: number;
  width: number;
}

export interface Preset {
  name: string;
  of: (facts: FrameHeader) => Window;
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
];

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
