import { describe, expect, it } from "vitest";
import { actsOnStill, STOPPED } from "../src/tools/still";

function pressed(name: string, isRunning: boolean, next: number | null = null): string[] {
  const told: string[] = [];
  const command = { name, title: "", group: "", key: "", run: () => void told.push("done") };
  const settle = () => {
    told.push("asked");
    return isRunning;
  };
  const refuse = (text: string) => void told.push(text);
  actsOnStill(command, { settle, awaited: () => next, refuse }).run();
  return told;
}

describe("while cine runs", () => {
  it.each(["decide-accept", "decide-modify", "decide-reject", "key-image", "adopt", "hide-mark"])(
    "%s only stops it, and says so",
    (name) => {
      expect(pressed(name, true)).toEqual(["asked", STOPPED]);
      expect(pressed(name, false)).toEqual(["asked", "done"]);
    },
  );

  it.each([
    "finding-tumor",
    "sign-next",
    "draw-length",
    "place",
    "finish",
    "place-middle",
    "calibrate",
  ])("%s stops it, and goes on", (name) => {
    expect(pressed(name, true)).toEqual(["asked", "done"]);
  });

  it.each(["next-image", "zoom-in", "cine", "peek"])("%s lets it run", (name) => {
    expect(pressed(name, true)).toEqual(["done"]);
  });
});

describe("while the image that was asked for loads", () => {
  it.each([
    "decide-accept",
    "key-image",
    "adopt",
    "hide-mark",
    "select-next",
    "place",
    "finish",
    "place-middle",
  ])("%s does nothing to the one before it, and says so", (name) => {
    const told = pressed(name, false, 3);
    expect(told).toContain("Image 3 is loading: press again once it is shown.");
    expect(told).not.toContain("done");
  });

  it.each(["finding-tumor", "sign-next", "draw-length", "next-image", "zoom-in"])(
    "%s is done",
    (name) => {
      expect(pressed(name, false, 3)).toContain("done");
    },
  );
});
