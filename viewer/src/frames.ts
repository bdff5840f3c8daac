// Frames in memory: fetched once, kept while there is room, the next ones fetched ahead as far as there is.

import type { FrameHeader } from "./types";

export interface Frame extends FrameHeader {
  pixels: Uint8Array | Uint16Array;
}

export type Fetcher = (address: string, signal: AbortSignal) => Promise<Response>;

/** What is shown, then what lies around it, the most wanted first. */
export interface Ahead {
  addresses: string[];
  /** Of one frame, about. */
  bytes: number;
}

const AT_ONCE = 4;
const SHARE_AHEAD = 7 / 8; // of the room: the rest is for what is scrolled to or made meanwhile
export const MADE = "plane:"; // how the address of a frame begins that is made here, not fetched

export async function frameOf(response: Response): Promise<Frame> {
  const facts = JSON.parse(response.headers.get("X-Frame") ?? "null") as FrameHeader | null;
  const bytes = await response.arrayBuffer();
  if (
    !facts ||
    bytes.byteLength !== facts.rows * facts.columns * facts.samples * (facts.bits / 8)
  ) {
    throw new Error("The frame came incomplete.");
  }
  // Little-endian, as every machine that runs a browser today.
  const pixels = facts.bits === 16 ? new Uint16Array(bytes) : new Uint8Array(bytes);
  return { ...facts, pixels };
}

export class Frames {
  private readonly kept = new Map<string, Frame>(); // the least lately used first
  private readonly coming = new Map<string, Promise<Frame>>();
  /** Makes what is not fetched. */
  make: (address: string) => Frame | undefined = () => undefined;
  private readonly ahead = new Map<object, Ahead>(); // by who looks
  private near = new Set<string>(); // of what is ahead of everybody, as much as there is room for
  private wanted: string[] = [];
  private running = 0;
  private bytes = 0;

  constructor(
    private readonly fetcher: Fetcher,
    private readonly room = 512 * 1024 ** 2,
  ) {}

  /** The frame if it is here already. */
  ready(address: string): Frame | undefined {
    const frame = this.kept.get(address);
    if (frame) {
      this.kept.delete(address);
      this.kept.set(address, frame);
      return frame;
    }
    const made = address.startsWith(MADE) ? this.make(address) : undefined;
    if (made) this.keep(address, made);
    return made;
  }

  load(address: string): Promise<Frame> {
    const here = this.ready(address);
    if (here) return Promise.resolve(here);
    const known = this.coming.get(address);
    if (known) return known;
    const promise = this.fetch(address);
    this.coming.set(address, promise);
    return promise;
  }

  /** What `who` looks at and is to be fetched ahead, replacing what it was before. */
  prefetch(who: object, ahead: Ahead): void {
    const addresses = ahead.addresses.filter((one) => !one.startsWith(MADE));
    this.ahead.set(who, { ...ahead, addresses });
    this.plan();
  }

  /** It looks at nothing any more. */
  leave(who: object): void {
    if (this.ahead.delete(who)) this.plan();
  }

  /**
   * The nearest of everybody in turn, until the room is full: what is fetched ahead beyond it would take
   * the place of what is nearer.
   */
  private plan(): void {
    this.near = new Set();
    let left = this.room * SHARE_AHEAD;
    const lists = [...this.ahead.values()];
    const longest = Math.max(0, ...lists.map(({ addresses }) => addresses.length));
    for (let n = 0; n < longest && left >= 0; n += 1) {
      for (const { addresses, bytes } of lists) {
        const next = addresses[n];
        if (!next || this.near.has(next)) continue;
        left -= bytes;
        if (left < 0) break;
        this.near.add(next);
      }
    }
    this.wanted = [...this.near].filter((one) => !this.kept.has(one) && !this.coming.has(one));
    this.pump();
  }

  private pump(): void {
    while (this.running < AT_ONCE && this.wanted.length) {
      const next = this.wanted.shift()!;
      if (this.kept.has(next) || this.coming.has(next)) continue;
      this.running += 1;
      this.load(next)
        .catch(() => undefined) // whoever scrolls there requests it again, and sees the fault
        .finally(() => {
          this.running -= 1;
          this.pump();
        });
    }
  }

  private async fetch(address: string): Promise<Frame> {
    try {
      const frame = await frameOf(await this.fetcher(address, AbortSignal.timeout(60_000)));
      this.keep(address, frame);
      return frame;
    } finally {
      this.coming.delete(address);
    }
  }

  private keep(address: string, frame: Frame): void {
    this.kept.set(address, frame);
    this.bytes += frame.pixels.byteLength;
    if (this.bytes <= this.room) return;
    // The least lately used; of what is near only if need be, and then the farthest.
    const others = [...this.kept.keys()].filter((one) => !this.near.has(one));
    for (const one of [...others, ...[...this.near].reverse()]) {
      if (this.bytes <= this.room) break;
      if (one !== address) this.drop(one);
    }
  }

  private drop(address: string): void {
    this.bytes -= this.kept.get(address)?.pixels.byteLength ?? 0;
    this.kept.delete(address);
  }
}

/** All indices but the first one, nearest first, those ahead of the way before those behind. */
export function outward(index: number, count: number, direction = 1): number[] {
  const order: number[] = [];
  for (let away = 1; away < count; away += 1) {
    for (const next of [index + away * direction, index - away * direction]) {
      if (next >= 0 && next < count) order.push(next);
    }
  }
  return order;
}
