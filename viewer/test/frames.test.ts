import { describe, expect, it, vi } from "vitest";
import { type Frame, Frames, MADE, outward } from "../src/frames";

const SIDE = 4;
const BYTES = SIDE * SIDE;
const facts = { rows: SIDE, columns: SIDE, samples: 1, bits: 8 };

/** Room for so many frames ahead; `fetched` has the addresses in the order in which they were asked for. */
function framesOf(most: number) {
  const fetched: string[] = [];
  const answer = (address: string) => {
    fetched.push(address);
    const headers = new Headers({ "X-Frame": JSON.stringify(facts) });
    return Promise.resolve(new Response(new Uint8Array(BYTES), { headers }));
  };
  const frames = new Frames(answer, (most * BYTES * 8) / 7);
  const look = async (who: object, series: string, index: number, count: number) => {
    const address = (n: number) => `${series}${n}`;
    await frames.load(address(index));
    const addresses = [index, ...outward(index, count)].map(address);
    frames.prefetch(who, { addresses, bytes: BYTES });
    await settled();
  };
  const settled = async () => {
    let before = -1;
    await vi.waitFor(() => {
      const stood = fetched.length === before;
      before = fetched.length;
      expect(stood).toBe(true);
    });
  };
  const here = (series: string, count: number) =>
    Array.from({ length: count }, (_, n) => n).filter((n) => frames.ready(`${series}${n}`));
  return { frames, fetched, look, here, settled };
}

describe("what is fetched ahead", () => {
  it("is a whole series where there is room, the nearest first", async () => {
    const { fetched, look } = framesOf(20);
    await look({}, "a", 3, 8);
    expect(fetched).toEqual(["a3", "a4", "a2", "a5", "a1", "a6", "a0", "a7"]);
  });

  it("ends where the room is full: the nearest stay, and nothing is fetched twice", async () => {
    const { fetched, look, here } = framesOf(5);
    await look({}, "a", 10, 30);
    expect(here("a", 30)).toEqual([8, 9, 10, 11, 12]);
    expect(fetched).toHaveLength(5);
  });

  it("follows who scrolls: the farthest make room", async () => {
    const { fetched, look, here } = framesOf(5);
    const who = {};
    await look(who, "a", 10, 30);
    await look(who, "a", 11, 30);
    expect(here("a", 30)).toEqual([9, 10, 11, 12, 13]);
    expect(fetched).toHaveLength(6);
  });

  it("is shared by the viewports, in turn", async () => {
    const { fetched, look, here, frames, settled } = framesOf(6);
    const [left, right] = [{}, {}];
    await look(left, "a", 10, 30);
    await look(right, "b", 20, 30);
    expect([here("a", 30), here("b", 30)]).toEqual([
      [9, 10, 11],
      [19, 20, 21],
    ]);
    expect(fetched.slice(-3)).toEqual(["b20", "b21", "b19"]);
    frames.leave(right);
    await settled();
    expect(here("a", 30)).toEqual([8, 9, 10, 11, 12, 13]);
  });

  it("keeps the list of each viewport while another asks for its own", async () => {
    const { look, here } = framesOf(60);
    await Promise.all([look({}, "a", 10, 30), look({}, "b", 0, 30)]);
    expect([here("a", 30).length, here("b", 30).length]).toEqual([30, 30]);
  });

  it("is no plane, and a plane takes the place of nothing that is near", async () => {
    const { frames, look, here, fetched } = framesOf(7);
    frames.make = () => ({ ...facts, pixels: new Uint8Array(BYTES) }) as unknown as Frame;
    await look({}, "a", 10, 30);
    for (let n = 0; n < 5; n += 1) expect(frames.ready(`${MADE}${n}`)).toBeDefined();
    frames.prefetch({}, { addresses: [`${MADE}0`], bytes: BYTES });
    expect(here("a", 30)).toEqual([7, 8, 9, 10, 11, 12, 13]);
    expect(fetched).toHaveLength(7);
  });
});
