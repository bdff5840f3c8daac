// The parts of the viewer, put together: who tells whom when something changes.

import { AiLayer } from "./aiLayer";
import { AnnotationActions } from "./annotations/actions";
import { LocalDrafts } from "./annotations/localDrafts";
import { Saving } from "./annotations/saving";
import { AnnotationStore } from "./annotations/store";
import { OutOfReach, Refused, request, SignedOut } from "./api";
import { commandsOf } from "./commands";
import { all, find, newId, page, rampAddress, tell } from "./dom";
import { AnnotationLayer, type Shown } from "./drawing/layer";
import { DrawingTool } from "./drawing/tool";
import { Frames } from "./frames";
import { Keyboard } from "./keyboard";
import type { Choices, Command } from "./keys";
import { KeysDialog } from "./keysDialog";
import { Opening, type OpeningSurroundings } from "./opening";
import { AiPanel } from "./panels/ai";
import { AnnotationsPanel } from "./panels/annotations";
import { ImagesPanel } from "./panels/images";
import { SeriesStatementPanel } from "./panels/seriesStatement";
import { ToolsPanel } from "./panels/tools";
import { ViewPanel } from "./panels/view";
import { Pointer } from "./pointer";
import type { Preferences } from "./preferences";
import { CanvasRenderer } from "./renderers/canvas";
import { CornerstoneRenderer, readFramesFrom } from "./renderers/cornerstone";
import type { Status } from "./status";
import { type OpenStudy, pictureOf } from "./studies";
import { ViewportGrid } from "./viewportGrid";

const DRAFTS = "neuroscan-marks"; // where browsers have kept them from the first version on

export class Viewer {
  private readonly opening = new Opening();
  private readonly frames = new Frames((address, signal) => request(address, { signal }));
  private readonly shown: Shown = { own: true, others: true, regions: false };
  private readonly store = new AnnotationStore();
  private readonly saving: Saving;
  private readonly drawingTool = new DrawingTool(this.store);
  private readonly layer = new AnnotationLayer(this.store, this.drawingTool, this.shown);
  private readonly ai: AiLayer;
  private readonly grid: ViewportGrid;
  private readonly actions: AnnotationActions;
  private readonly pointer: Pointer;
  private readonly panels: ReturnType<Viewer["makePanels"]>;
  private readonly around: OpeningSurroundings;
  private readonly commands: Command[];
  private readonly keys: KeysDialog;

  constructor(
    first: OpenStudy,
    private readonly preferences: Preferences,
    private readonly status: Status,
    private readonly hasGraphics: boolean,
  ) {
    const { store, drawingTool, shown } = this;
    const setViewports = (count: number) => this.setViewports(count);
    const touched = () => this.touched();
    const fault = (error: unknown) => this.fault(error);
    drawingTool.mayDraw = page.mayDraw === "yes";
    const study = first.info.id;
    const localDrafts = new LocalDrafts(`${DRAFTS}:${page.person}:${study}`, newId());
    this.saving = new Saving(store, study, localDrafts);
    this.grid = this.makeGrid();
    this.ai = new AiLayer({
      study,
      grid: this.grid,
      store,
      drawingTool,
      shown,
      setViewports,
      touched,
      chosen: (isLook) => {
        this.panels.ai.show();
        if (isLook) preferences.rememberHeat(this.ai.heat, fault);
      },
    });
    Object.assign(this.ai.heat, preferences.heat, { on: first.info.heatmap_at_first });
    this.actions = new AnnotationActions({
      grid: this.grid,
      store,
      drawingTool,
      touched,
      showImage: (id) => this.opening.showImage(id, this.grid),
    });
    this.pointer = new Pointer(this.grid, drawingTool);
    this.grid.onViewport = (viewport) => {
      this.pointer.attach(viewport);
      viewport.drawn.on(() => {
        this.layer.draw(viewport);
        this.ai.report();
      });
    };
    this.panels = this.makePanels();
    this.around = {
      grid: this.grid,
      store,
      saving: this.saving,
      drawingTool,
      status,
      images: this.panels.images,
      setViewports,
      useLabels: (labels) => this.panels.annotations.useLabels(labels),
      fault,
    };
    this.commands = this.makeCommands();
    this.keys = new KeysDialog(
      find("[data-keys-dialog]"),
      this.commands,
      preferences.keys,
      (keys) => this.saveKeys(keys),
    );
    this.listen();
    this.opening.first(first, new URLSearchParams(location.search), this.around);
  }

  // --- Making the parts ----------------------------------------------------------------------------

  private makeGrid(): ViewportGrid {
    const { hasGraphics } = this;
    readFramesFrom((address) => {
      const [frame, image] = [this.frames.ready(address), this.opening.imageOf(address)];
      return frame && image && { frame, picture: pictureOf(image) };
    });
    if (!hasGraphics) {
      this.status.notice(
        "webgl",
        "This browser has no WebGL, so images are drawn more slowly. Turn on hardware acceleration in its settings, or use another browser.",
      );
    }
    document.body.dataset.graphics = hasGraphics ? "webgl" : "canvas";
    return new ViewportGrid(find("[data-viewport-grid]"), {
      frames: this.frames,
      heat: () => this.ai.heat,
      regionsShown: () => this.shown.regions,
      rampAddress,
      makeRenderer: (host) =>
        hasGraphics ? new CornerstoneRenderer(host) : new CanvasRenderer(host),
      onFault: (error) => this.fault(error),
    });
  }

  private makePanels() {
    const { grid, store, drawingTool, ai } = this;
    return {
      view: new ViewPanel(grid),
      tools: new ToolsPanel(grid, this.pointer, drawingTool, store),
      ai: new AiPanel(
        grid,
        ai.heat,
        {
          choose: (change) => ai.choose(change),
          adopt: (analysis, region) => ai.adopt(analysis, region),
          rampAddress,
        },
        drawingTool.mayDraw,
      ),
      series: new SeriesStatementPanel(grid, (image) => this.opening.showImage(image, grid)),
      annotations: new AnnotationsPanel({
        grid,
        store,
        drawingTool,
        touched: () => this.touched(),
        settled: () => this.saving.settled(),
        colorOf: (annotation) => this.layer.colorOf(annotation),
        fault: (error) => this.fault(error),
      }),
      images: new ImagesPanel(find("[data-thumbnails]"), find("[data-others]"), {
        open: (stack, index) => {
          // An image of the shown series is a scroll, which linked viewports follow.
          if (grid.active.stack === stack) grid.scrollTo(index);
          else grid.open(stack, index);
        },
        beside: (address) => void this.opening.beside(address, this.around),
      }),
    };
  }

  private makeCommands(): Command[] {
    const { grid, pointer, drawingTool, ai } = this;
    return commandsOf({
      grid,
      pointer,
      drawingTool,
      setViewports: (count) => this.setViewports(count),
      toggleFullScreen: () => void toggleFullScreen(),
      openKeys: () => this.keys.open(),
      toggleLink: () => this.toggleLink(),
      besideNext: () => this.panels.images.besideNext(),
      heat: {
        toggle: () => ai.choose({ on: !ai.heat.on }),
        peek: (on) => ai.peek(on),
        next: () => this.panels.ai.next(),
        compare: () => ai.compare(),
        adopt: () => ai.adoptBest(),
        step: (name, by) => ai.step(name, by),
        nextColors: () => ai.nextColors(),
      },
      layers: { toggle: (name) => this.showLayer(name, !this.shown[name]) },
      annotations: this.actions,
      changed: () => this.panels.tools.show(),
    });
  }

  // --- Who hears what ------------------------------------------------------------------------------

  private listen(): void {
    const { grid, drawingTool, saving, commands, panels } = this;
    grid.changed.on(() => this.refresh());
    drawingTool.changed.on(() => {
      this.drawAnnotations();
      panels.annotations.show();
      panels.tools.show();
    });
    saving.changed.on(() => {
      this.status.showSaving(saving, this.store);
      this.drawAnnotations();
      panels.annotations.show();
    });
    for (const one of all<HTMLButtonElement>("[data-command]")) {
      one.addEventListener("click", () =>
        commands.find(({ name }) => name === one.dataset.command)?.run(),
      );
    }
    for (const one of all<HTMLInputElement>("[data-link]")) {
      one.addEventListener("change", () => {
        grid.links[one.dataset.link as keyof ViewportGrid["links"]] = one.checked;
      });
    }
    for (const one of all<HTMLInputElement>("[data-layer]")) {
      one.addEventListener("change", () =>
        this.showLayer(one.dataset.layer as keyof Shown, one.checked),
      );
    }
    find("[data-ai]").addEventListener("toggle", () => this.ai.reportStatement());
    // A finding that was committed may bring the AI's result with it (read-first clinics).
    find("[data-verdict-region]").addEventListener("htmx:afterSwap", () => {
      this.ai.readAgain(this.opening.studies).catch((error) => this.fault(error));
    });
    new Keyboard((event) => this.keys.commandOf(event));
    panels.tools.nameKeys(commands, this.preferences.keys);
  }

  private refresh(): void {
    const { panels, grid } = this;
    panels.view.show();
    panels.ai.show();
    panels.series.show();
    this.ai.reportStatement();
    panels.images.showCurrent(grid.active.image?.id);
    panels.annotations.show();
    panels.tools.show();
  }

  private drawAnnotations(): void {
    for (const viewport of this.grid.viewports) this.layer.draw(viewport);
  }

  private touched(): void {
    this.saving.touch();
    this.panels.tools.show();
  }

  // --- What somebody does --------------------------------------------------------------------------

  private setViewports(count: number): void {
    this.grid.setCount(count);
    this.panels.tools.show();
  }

  private toggleLink(): void {
    const on = !Object.values(this.grid.links).some(Boolean);
    for (const one of all<HTMLInputElement>("[data-link]")) one.checked = on;
    Object.assign(this.grid.links, { view: on, scroll: on, window: on });
    tell(on ? "The viewports are linked." : "The viewports are not linked.");
  }

  private showLayer(name: keyof Shown, on: boolean): void {
    this.shown[name] = on;
    for (const one of all<HTMLInputElement>(`[data-layer="${name}"]`)) one.checked = on;
    this.grid.redraw(); // the corner says whose regions are shown
  }

  private async saveKeys(keys: Choices): Promise<void> {
    this.panels.tools.nameKeys(this.commands, keys);
    await this.preferences.saveKeys(keys);
  }

  private fault(error: unknown): void {
    if (error instanceof SignedOut) {
      this.status.askToSignIn(() => {
        this.saving.soon(0);
        for (const viewport of this.grid.viewports) void viewport.load();
      });
    } else if (error instanceof Refused || error instanceof OutOfReach) {
      tell(error.message);
    } else {
      console.info(error);
    }
  }
}

async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else
    await document.documentElement
      .requestFullscreen()
      .catch(() => tell("This browser does not allow full screen."));
}
