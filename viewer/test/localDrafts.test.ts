import { describe, expect, it } from "vitest";
import { LocalDrafts } from "../src/annotations/localDrafts";

function storage(): Storage {
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
    const browser = storage();
    const [one, other] = ["1", "2"].map((page) => new LocalDrafts("iris:s", page, () => browser));
    one!.keep("from one");
    other!.keep("from the other");
    other!.keep(""); // sent
    new LocalDrafts("iris:another study", "3", () => browser).keep("elsewhere");
    const next = new LocalDrafts("iris:s", "4", () => browser);
    expect(next.recall()).toEqual(["from one"]);
    expect(next.recall()).toEqual([]);
    expect(browser.length).toBe(1);
  });

  it("is said to be nowhere where the browser keeps nothing", () => {
    const localDrafts = new LocalDrafts("iris:s", "1", () => {
      throw new Error("switched off");
    });
    expect(localDrafts.recall()).toEqual([]);
    localDrafts.keep("a change");
    expect(localDrafts.isBroken).toBe(true);
  });
});
