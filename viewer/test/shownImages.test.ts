import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ShownImages } from "../src/verdict/shownImages";

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
  } as Storage;
}

function shownTo(person: string, study = "s") {
  vi.stubGlobal("document", { querySelector: () => ({ content: person }) });
  return new ShownImages(study);
}

describe("the images that were shown", () => {
  beforeEach(() => void vi.stubGlobal("sessionStorage", storage()));
  afterEach(() => void vi.unstubAllGlobals());

  it("are known after the page is loaded again, to the one who saw them and of that study", () => {
    expect(shownTo("iris").add("1")).toBe(true);
    expect(shownTo("iris").has("1")).toBe(true);
    expect(shownTo("iris").add("1")).toBe(false);
    expect(shownTo("iris", "another").has("1")).toBe(false);
  });

  it("are not those of who signs in next in the same tab", () => {
    shownTo("iris").add("1");
    expect(shownTo("noor").has("1")).toBe(false);
  });

  it("are known until the page is left where a browser keeps nothing", () => {
    vi.stubGlobal("sessionStorage", undefined);
    const shown = shownTo("iris");
    shown.add("1");
    expect(shown.has("1")).toBe(true);
    expect(shownTo("iris").has("1")).toBe(false);
  });
});
