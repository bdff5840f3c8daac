// The parts of the viewer, put together: who tells whom when something changes.

import { person } from "../../static/js/core/person.js";
import { AiLayer } from "./aiLayer";
import { AnnotationActions } from "./annotations/actions";
import { LocalDrafts } from "./annotations/localDrafts";
import { Saving } from "./annotations/saving";
import { AnnotationStore } from "./annotations/store";
import type { Shown } from "./annotations/visible";
import { OutOfReach, Refused, request, SignedOut } from "./api";
import { commandsOf } from "./commands";
import { Comparisons } from "./comparisons";
import { all, find, newId, page, tell } from "./dom";
import { AnnotationLayer } from "./drawing/layer";
import { DrawingTool } from "./drawing/tool";
import { drawnGrid } from "./drawnGrid";
import { keepFocusOn } from "./focus";
import { Frames } from "./frames";
import { leadOutOfFrame } from "./framing";
import { Keyboard } from "./keyboard";
import { type Choices, type Command, keysOf, shownKey, withoutReadersCommands } from "./keys";
import { KeysDialog } from "./keysDialog";
import { followAnalyses } from "./newResults";
import { Opening, type OpeningSurroundings } from "./opening";
import { nextStudy, openReport, toggleFullScreen } from "./pageActs";
import { makePanels, type Panels } from "./panels/panels";
import { actsOnImages } from "./planes/imagesOnly";
import { Planes } from "./planes/planes";
import { Pointer } from "./pointer";
import type { Preferences } from "./preferences";
import { PrintSheet } from "./printSheet";
import { ReferenceLines } from "./referenceLines";
import { refuse, watchPresses } from "./refusing";
import type { Status } from "./status";
import type { OpenStudy } from "./studies";
import { Tabs } from "./tabs";
import { leaveTold } from "./told";
import { Toolbar } from "./toolbar";
import { actsOnStill, STOPPED } from "./tools/still";
import { Tools } from "./tools/tools";
import { VerdictPanel } from "./verdict/verdictPanel";
import type { ViewportGrid } from "./viewportGrid";
import { actsOnDisclosed, WITHHELD, WITHHELD_FROM_OTHERS } from "./withheld";

const DRAFTS = "neuroscan-marks"; // where browsers have kept them from the first version on

export class Viewer {
  private readonly opening = new Opening();
  private readonly frames = new Frames((address, signal) => request(address, { signal }));
  private readonly shown: Shown = { own: true, others: true, regions: false };
  private readonly store = new AnnotationStore();
  private readonly saving: Saving;
  private readonly drawingTool = new DrawingTool(this.store, this.shown);
  private readonly layer = new AnnotationLayer(this.store, this.drawingTool, this.shown);
  private readonly tabs = new Tabs();
  private readonly ai: AiLayer;
  private readonly verdict: VerdictPanel;
  private readonly grid: ViewportGrid;
  private readonly actions: AnnotationActions;
  private readonly pointer: Pointer;
  private readonly tools: Tools;
  private readonly panels: Panels;
  private readonly around: OpeningSurroundings;
  private readonly references: ReferenceLines;
  private readonly planes: Planes;
  private readonly commands: Command[];
  private readonly keys: KeysDialog;

  constructor(
    first: OpenStudy,
    private readonly preferences: Preferences,
    private readonly status: Status,
    hasGraphics: boolean,
  ) {
    const { store, drawingTool, shown } = this;
    const setViewports = (count: number, areFilled = true) => this.setViewports(count, areFilled);
    const touched = () => this.touched();
    const fault = (error: unknown, at?: HTMLElement | null) => this.fault(error, at);
    drawingTool.settle = () => this.settle();
    drawingTool.mayDraw = page.mayDraw === "yes";
    const study = first.info.id;
    const localDrafts = new LocalDrafts(`${DRAFTS}:${person()}:${study}`, newId());
    this.saving = new Saving(store, study, localDrafts);
    this.grid = drawnGrid(
      {
        frames: this.frames,
        imageOf: (address) => this.opening.imageOf(address) ?? this.planes.imageOf(address),
        status,
        heat: () => this.ai.heat,
        regionsShown: () => shown.regions,
        onFault: fault,
      },
      hasGraphics,
    );
    this.ai = new AiLayer({
      study,
      grid: this.grid,
      store,
      drawingTool,
      shown,
      setViewports,
      touched,
      isPanelOpen: () => this.tabs.isOpen("ai"),
      isNamed: (analysis) => this.verdict.namedAnalysis === analysis,
      keyOf: (command) => shownKey(keysOf(this.commands, preferences.keys).get(command) ?? ""),
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
      shown,
      touched,
      showImage: (id) => this.opening.showImage(id, this.grid),
      openPanel: () => this.tabs.open("annotations"),
    });
    this.pointer = new Pointer(this.grid, drawingTool);
    this.tools = new Tools({
      study,
      grid: this.grid,
      store,
      drawingTool,
      saving: this.saving,
      touched,
      cineRate: preferences.cineRate,
      rememberCineRate: (rate) => preferences.rememberCineRate(rate, fault),
      fault,
    });
    const comparisons = new Comparisons(study, fault);
    this.planes = new Planes(this.grid, this.frames, setViewports);
    this.frames.make = (address) => this.planes.frameOf(address);
    this.references = new ReferenceLines(this.grid);
    this.grid.onViewport = (viewport) => {
      this.references.attach(viewport);
      this.pointer.attach(viewport);
      this.tools.attach(viewport);
      viewport.drawn.on(() => {
        this.layer.draw(viewport);
        this.ai.report();
        comparisons.drawn(viewport);
      });
    };
    this.panels = makePanels({
      grid: this.grid,
      store,
      drawingTool,
      ai: this.ai,
      opening: this.opening,
      pointer: this.pointer,
      planes: this.planes,
      touched,
      settled: () => this.saving.settled(),
      settle: () => this.settle(),
      colorOf: (annotation) => this.layer.colorOf(annotation),
      beside: (address) => void this.opening.beside(address, this.around),
      fault,
    });
    this.verdict = new VerdictPanel({
      study,
      grid: this.grid,
      openImage: (id) => this.opening.showImage(id, this.grid),
      isMoving: () => this.tools.isMoving,
      settle: () => this.settle(),
      redrawn: () => {
        this.nameKeys(preferences.keys);
        this.ai.readAgain(this.opening.studies).catch(fault); // a finding was committed
        this.ai.report();
      },
    });
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
    const stamp = { address: page.resultsUrl!, seen: page.resultsSeen! };
    followAnalyses(first, stamp, () => this.resultsArrived(), fault);
    this.opening.first(first, new URLSearchParams(location.search), this.around);
  }

  // --- Making the parts ----------------------------------------------------------------------------

  private makeCommands(): Command[] {
    const { grid, pointer, drawingTool, ai } = this;
    const fault = (error: unknown) => this.fault(error);
    const commands = commandsOf({
      grid,
      pointer,
      drawingTool,
      setViewports: (count) => this.setViewports(count),
      toggleFullScreen: () => void toggleFullScreen(),
      openKeys: () => this.keys.open(),
      toggleLink: () => this.toggleLink(),
      besideNext: () => this.panels.images.besideNext(),
      report: openReport,
      nextStudy,
      heat: {
        toggle: () => ai.choose({ on: !ai.heat.on }),
        peek: (on) => ai.peek(on),
        next: () => this.panels.ai.next(),
        compare: () => ai.compare(),
        adopt: () => ai.adoptBest(),
        step: (name, by) => ai.step(name, by),
        nextHighest: () => this.panels.strip.nextHighest(),
        nextColors: () => ai.nextColors(),
      },
      references: this.references,
      planes: {
        toggle: () => void this.planes.toggle().then(() => this.panels.slab.show(), fault),
        nextSlab: () => {
          this.planes.nextSlab();
          this.panels.slab.show();
        },
      },
      layers: { toggle: (name) => this.showLayer(name, !this.shown[name]) },
      annotations: this.actions,
      verdict: this.verdict,
      changed: () => this.panels.tools.show(),
    });
    const screen = {
      settle: () => this.tools.settle(),
      awaited: () => this.grid.active.awaited,
      refuse,
    };
    const everyone = [...commands, ...this.tools.commands()];
    const own = page.reader === "yes" ? everyone : withoutReadersCommands(everyone);
    const disclosure = { whyWithheld: () => this.whyWithheld(), refuse };
    const images = { isOfPlane: () => Boolean(grid.active.stack?.original), refuse };
    return own.map((one) =>
      actsOnImages(actsOnDisclosed(actsOnStill(one, screen), disclosure), images),
    );
  }

  private whyWithheld(): string {
    const study = this.grid.active.stack?.study ?? this.opening.studies[0];
    if (study?.info.ai_visible !== false) return "";
    return page.reader === "yes" ? WITHHELD : WITHHELD_FROM_OTHERS;
  }

  // --- Who hears what ------------------------------------------------------------------------------

  private listen(): void {
    const { grid, drawingTool, saving, commands, panels } = this;
    grid.changed.on(() => this.refresh());
    drawingTool.changed.on(() => {
      if (drawingTool.shape || drawingTool.selected) this.tabs.open("annotations");
      // Drawn, or chosen in the list: what is chosen is on the screen.
      const whose = drawingTool.chosenOf;
      if (whose && !this.shown[whose]) this.showLayer(whose, true);
      this.drawAnnotations();
      panels.annotations.show();
      panels.tools.show();
    });
    saving.changed.on(() => {
      this.status.showSaving(saving, this.store);
      this.drawAnnotations();
      panels.annotations.show();
    });
    document.addEventListener("click", (event) => {
      const one = (event.target as Element).closest?.<HTMLButtonElement>("button[data-command]");
      if (one) commands.find(({ name }) => name === one.dataset.command)?.run();
    });
    for (const one of all<HTMLInputElement>("[data-link]")) {
      one.addEventListener("change", () => {
        grid.links[one.dataset.link as keyof ViewportGrid["links"]] = one.checked;
        panels.tools.show();
      });
    }
    for (const one of all<HTMLInputElement>("[data-layer]")) {
      one.addEventListener("change", () =>
        this.showLayer(one.dataset.layer as keyof Shown, one.checked),
      );
    }
    this.tabs.changed.on(() => this.ai.report());
    watchPresses();
    leaveTold();
    keepFocusOn(() => grid.active.element);
    new PrintSheet(grid, this.layer);
    new Toolbar();
    leadOutOfFrame();
    new Keyboard((event) => this.keys.commandOf(event));
    this.nameKeys(this.preferences.keys);
  }

  private nameKeys(keys: Choices): void {
    this.panels.tools.nameKeys(this.commands, keys);
  }

  private resultsArrived(): void {
    this.panels.images.showPrepared();
    this.grid.redraw();
    this.grid.changed.emit();
    this.ai.report();
    // The server draws the verdict's lines of them (static/js/reading/redrawing.js).
    document.dispatchEvent(new CustomEvent("ai-results"));
  }

  private refresh(): void {
    const { panels, grid } = this;
    panels.view.show();
    panels.ai.show();
    panels.series.show();
    panels.slab.show();
    for (const one of all('[data-command="planes"]'))
      one.setAttribute("aria-pressed", String(this.planes.on));
    for (const one of all('[data-command="references"]'))
      one.setAttribute("aria-pressed", String(this.references.on));
    panels.strip.show();
    this.ai.reportStatement();
    panels.images.showCurrent(
      grid.active.stack?.images[grid.active.index]?.id,
      new Set(grid.viewports.map(({ stack }) => stack?.original ?? stack)),
    );
    panels.annotations.show();
    panels.tools.show();
    this.tools.show();
  }

  /** Stops what moves the images by itself, and says so. */
  private settle(): boolean {
    const wasMoving = this.tools.settle();
    if (wasMoving) refuse(STOPPED);
    return wasMoving;
  }

  private drawAnnotations(): void {
    for (const viewport of this.grid.viewports) this.layer.draw(viewport);
  }

  private touched(): void {
    this.saving.touch();
    this.panels.tools.show();
  }

  // --- What somebody does --------------------------------------------------------------------------

  private setViewports(count: number, areFilled = true): void {
    this.grid.setCount(count, areFilled);
    this.panels.tools.show();
  }

  private toggleLink(): void {
    const on = !Object.values(this.grid.links).some(Boolean);
    for (const one of all<HTMLInputElement>("[data-link]")) one.checked = on;
    Object.assign(this.grid.links, { view: on, scroll: on, window: on });
    this.panels.tools.show();
    tell(on ? "The viewports are linked." : "The viewports are not linked.");
  }

  private showLayer(name: keyof Shown, on: boolean): void {
    this.shown[name] = on;
    if (!on && this.drawingTool.chosenOf === name) this.drawingTool.select(null);
    for (const one of all<HTMLInputElement>(`[data-layer="${name}"]`)) one.checked = on;
    this.grid.redraw(); // the corner says whose regions are shown
  }

  private async saveKeys(keys: Choices): Promise<void> {
    this.nameKeys(keys);
    await this.preferences.saveKeys(keys);
  }

  /** `at`: the button whose press asked for it, where one did. */
  private fault(error: unknown, at: HTMLElement | null = null): void {
    if (error instanceof SignedOut) {
      this.status.askToSignIn(() => {
        this.saving.soon(0);
        for (const viewport of this.grid.viewports) void viewport.load();
      });
    } else if (error instanceof Refused || error instanceof OutOfReach) {
      refuse(error.message, at);
    } else {
      console.info(error);
    }
  }
}
