// How fast cine runs: frames per second, as typed or stored.

export const SLOWEST = 1;
export const FASTEST = 60;

export function rateOf(text: string | undefined): number | null {
  const rate = Number(text);
  return text && Number.isFinite(rate) && rate >= SLOWEST && rate <= FASTEST ? rate : null;
}
