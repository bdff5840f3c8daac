import { describe, expect, it } from "vitest";
import { Keeping } from "../src/marks/keeping";

function store(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    key: (n: number) => [...kept.keys()][n] ?? null,
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
    removeItem: (name: string) => void kept.delete(name),
    clear: () => kept.clear(),
  } as Storage;
}

describe("what is not sent yet", () => {
  it("is kept apart by page, and found by the next page on the study", () => {
    const browser = store();
    const [one, other] = ["1", "2"].map((page) => new Keeping("iris:s", page, () => browser));
    one!.keep("from one");
    other!.keep("from the other");
    other!.keep(""); // sent
    new Keeping("iris:another study", "3", () => browser).keep("elsewhere");
    const next = new Keeping("iris:s", "4", () => browser);
    expect(next.recall()).toEqual(["from one"]);
    expect(next.recall()).toEqual([]);
    expect(browser.length).toBe(1);
  });

  it("is said to be nowhere where the browser keeps nothing", () => {
    const keeping = new Keeping("iris:s", "1", () => {
      throw new Error("switched off");
    });
    expect(keeping.recall()).toEqual([]);
    keeping.keep("a change");
    expect(keeping.isBroken).toBe(true);
  });
});
