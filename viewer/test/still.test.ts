import { describe, expect, it } from "vitest";
import { actsOnStill, STOPPED } from "../src/tools/still";

function pressed(name: string, isRunning: boolean): string[] {
  const told: string[] = [];
  const command = { name, title: "", group: "", key: "", run: () => void told.push("done") };
  const settle = () => {
    told.push("asked");
    return isRunning;
  };
  actsOnStill(command, settle, (text) => told.push(text)).run();
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
