// Bundles src/main.ts into one file under one name: Django's static files give it the name with its
// hash. LICENSES.txt beside it says whose code is in it. `VIEWER_OUT` names another folder.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const OUT = process.env.VIEWER_OUT ?? "../static/viewer";
const MODULES = "/node_modules/";

// What Cornerstone imports for other kinds of viewer and this one never runs: readers of mesh files
// and of VTK's XML files, and Node's modules that dcmjs would read compressed DICOM with.
const LEFT_OUT = /^(xmlbuilder2|buffer|zlib|fs|path|stream|@kitware\/vtk\.js\/IO\/.*)$/;
const STUB = `
  function notHere() { throw new Error("Left out of this viewer."); }
  export const create = notHere, convert = notHere, newInstance = notHere;
  export default { newInstance: notHere };`;

const leaveOut: Plugin = {
  name: "leave-out",
  enforce: "pre",
  resolveId: (source) => (LEFT_OUT.test(source) ? "\0left-out" : null),
  load: (id) => (id === "\0left-out" ? STUB : null),
};

// An image is one upright rectangle: no edge to smooth. Where the processor draws (no graphics card),
// smoothing takes a quarter of the time of each image.
const SMOOTHED = 'powerPreference: "high-performance"';
const noSmoothing: Plugin = {
  name: "no-smoothing",
  transform(code, file) {
    if (!file.endsWith("/Rendering/OpenGL/RenderWindow.js")) return null;
    if (!code.includes(SMOOTHED)) this.error("vtk.js asks for its WebGL context in another way.");
    return { code: code.replace(SMOOTHED, `${SMOOTHED}, antialias: false`), map: null };
  },
};

function packageOf(file: string): { folder: string; title: string } | null {
  let folder = dirname(file);
  while (folder.includes(MODULES)) {
    const description = join(folder, "package.json");
    if (existsSync(description)) {
      const { name, version, license } = JSON.parse(readFileSync(description, "utf8"));
      if (version) return { folder, title: `${name} ${version}: ${license}` };
    }
    folder = dirname(folder);
  }
  return null;
}

function licensesOf(files: string[]): string {
  const texts = new Map<string, string>();
  for (const found of files.map(packageOf)) {
    if (!found || texts.has(found.title)) continue;
    const file = readdirSync(found.folder)
      .sort()
      .find((one) => /^licen[cs]e/i.test(one));
    const text = file
      ? readFileSync(join(found.folder, file), "utf8").replace(/\r/g, "").trim()
      : "";
    texts.set(found.title, `${found.title}\n\n${text}\n`);
  }
  return [...texts.keys()]
    .sort()
    .map((title) => texts.get(title))
    .join(`\n${"-".repeat(80)}\n\n`);
}

const licenses: Plugin = {
  name: "licenses",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((one) =>
      one.type === "chunk" ? Object.entries(one.modules) : [],
    );
    const used = modules.filter(
      ([file, { renderedLength }]) => file.includes(MODULES) && renderedLength,
    );
    const source = licensesOf(used.map(([file]) => file.replace(/^\0|\?.*$/g, "")));
    this.emitFile({ type: "asset", fileName: "LICENSES.txt", source });
  },
};

export default defineConfig({
  plugins: [leaveOut, noSmoothing, licenses],
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  esbuild: { legalComments: "none" }, // in LICENSES.txt
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000, // kB: one file for a page of its own, loaded once and then kept
    rollupOptions: {
      input: "src/main.ts",
      output: { entryFileNames: "viewer.js", inlineDynamicImports: true },
    },
  },
});
