// The parts of the viewer, put together: who tells whom when something changes.

import { AiLayer } from "./aiLayer";
import { ask, OutOfReach, Refused, SignedOut } from "./api";
import { commandsOf } from "./commands";
import { all, find, newId, page, rampAddress, tell } from "./dom";
import { MarkLayer, type Shown } from "./drawing/layer";
import { MarkPencil } from "./drawing/pencil";
import { Frames } from "./frames";
import { Keyboard } from "./keyboard";
import type { Choices, Command } from "./keys";
import { KeysDialog } from "./keysDialog";
import { Book } from "./marks/book";
import { Keeping } from "./marks/keeping";
import { Marking } from "./marks/marking";
import { Saving } from "./marks/saving";
import { Opening, type OpeningSurroundings } from "./opening";
import { AiPanel } from "./panels/ai";
import { ImagesPanel } from "./panels/images";
import { MarksPanel } from "./panels/marks";
import { ToolsPanel } from "./panels/tools";
import { ViewPanel } from "./panels/view";
import { Pointer } from "./pointer";
import type { Preferences } from "./preferences";
import { CanvasRenderer } from "./renderers/canvas";
import { CornerstoneRenderer, readFramesFrom } from "./renderers/cornerstone";
import { Stage } from "./stage";
import type { Status } from "./status";
import { type OpenStudy, pictureOf } from "./studies";

export class Viewer {
  private readonly opening = new Opening();
  private readonly frames = new Frames((address, signal) => ask(address, { signal }));
  private readonly shown: Shown = { own: true, others: true, regions: false };
  private readonly book = new Book();
  private readonly saving: Saving;
  private readonly pencil = new MarkPencil(this.book);
  private readonly layer = new MarkLayer(this.book, this.pencil, this.shown);
  private readonly ai: AiLayer;
  private readonly stage: Stage;
  private readonly marking: Marking;
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
    const { book, pencil, shown } = this;
    const setPanes = (count: number) => this.setPanes(count);
    const touched = () => this.touched();
    const fault = (error: unknown) => this.fault(error);
    pencil.mayDraw = page.mayDraw === "yes";
    const keeping = new Keeping(`neuroscan-marks:${page.person}:${first.info.id}`, newId());
    this.saving = new Saving(book, first.info.id, keeping);
    this.stage = this.makeStage();
    this.ai = new AiLayer({
      study: first.info.id,
      stage: this.stage,
      book,
      pencil,
      shown,
      setPanes,
      touched,
      chosen: (isLook) => {
        this.panels.ai.show();
        if (isLook) preferences.rememberHeat(this.ai.heat, fault);
      },
    });
    Object.assign(this.ai.heat, preferences.heat, { on: first.info.heatmap_at_first });
    this.marking = new Marking({
      stage: this.stage,
      book,
      pencil,
      touched,
      showImage: (id) => this.opening.showImage(id, this.stage),
    });
    this.pointer = new Pointer(this.stage, pencil);
    this.stage.onPane = (pane) => {
      this.pointer.attach(pane);
      pane.drawn.on(() => {
        this.layer.draw(pane);
        this.ai.report();
      });
    };
    this.panels = this.makePanels();
    this.around = {
      stage: this.stage,
      book,
      saving: this.saving,
      pencil,
      status,
      images: this.panels.images,
      setPanes,
      useLabels: (labels) => this.panels.marks.useLabels(labels),
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

  private makeStage(): Stage {
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
    return new Stage(find("[data-stage]"), {
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
    const { stage, book, pencil, ai } = this;
    return {
      view: new ViewPanel(stage),
      tools: new ToolsPanel(stage, this.pointer, pencil, book),
      ai: new AiPanel(
        stage,
        ai.heat,
        {
          choose: (change) => ai.choose(change),
          adopt: (analysis, region) => ai.adopt(analysis, region),
          rampAddress,
        },
        pencil.mayDraw,
      ),
      marks: new MarksPanel({
        stage,
        book,
        pencil,
        touched: () => this.touched(),
        colorOf: (mark) => this.layer.colorOf(mark),
        fault: (error) => this.fault(error),
      }),
      images: new ImagesPanel(find("[data-thumbnails]"), find("[data-others]"), {
        open: (stack, index) => {
          // An image of the shown series is a scroll, which linked panes follow.
          if (stage.active.stack === stack) stage.scrollTo(index);
          else stage.open(stack, index);
        },
        beside: (address) => void this.opening.beside(address, this.around),
      }),
    };
  }

  private makeCommands(): Command[] {
    const { stage, pointer, pencil, ai } = this;
    return commandsOf({
      stage,
      pointer,
      pencil,
      setPanes: (count) => this.setPanes(count),
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
      marks: this.marking,
      changed: () => this.panels.tools.show(),
    });
  }

  // --- Who hears what ------------------------------------------------------------------------------

  private listen(): void {
    const { stage, pencil, saving, commands, panels } = this;
    stage.changed.on(() => this.refresh());
    pencil.changed.on(() => {
      this.drawMarks();
      panels.marks.show();
      panels.tools.show();
    });
    saving.changed.on(() => {
      this.status.showSaving(saving, this.book);
      this.drawMarks();
      panels.marks.show();
    });
    for (const one of all<HTMLButtonElement>("[data-command]")) {
      one.addEventListener("click", () =>
        commands.find(({ name }) => name === one.dataset.command)?.run(),
      );
    }
    for (const one of all<HTMLInputElement>("[data-link]")) {
      one.addEventListener("change", () => {
        stage.links[one.dataset.link as keyof Stage["links"]] = one.checked;
      });
    }
    for (const one of all<HTMLInputElement>("[data-layer]")) {
      one.addEventListener("change", () =>
        this.showLayer(one.dataset.layer as keyof Shown, one.checked),
      );
    }
    // A finding that was committed may bring the AI's word with it (read-first clinics).
    find("[data-verdict-place]").addEventListener("htmx:afterSwap", () => {
      this.ai.readAgain(this.opening.studies).catch((error) => this.fault(error));
    });
    new Keyboard((event) => this.keys.commandOf(event));
    panels.tools.nameKeys(commands, this.preferences.keys);
  }

  private refresh(): void {
    const { panels, stage } = this;
    panels.view.show();
    panels.ai.show();
    panels.images.mark(stage.active.image?.id);
    panels.marks.show();
    panels.tools.show();
  }

  private drawMarks(): void {
    for (const pane of this.stage.panes) this.layer.draw(pane);
  }

  private touched(): void {
    this.saving.touch();
    this.panels.tools.show();
  }

  // --- What somebody does --------------------------------------------------------------------------

  private setPanes(count: number): void {
    this.stage.setCount(count);
    this.panels.tools.show();
  }

  private toggleLink(): void {
    const on = !Object.values(this.stage.links).some(Boolean);
    for (const one of all<HTMLInputElement>("[data-link]")) one.checked = on;
    Object.assign(this.stage.links, { view: on, scroll: on, window: on });
    tell(on ? "The panes are linked." : "The panes are not linked.");
  }

  private showLayer(name: keyof Shown, on: boolean): void {
    this.shown[name] = on;
    for (const one of all<HTMLInputElement>(`[data-layer="${name}"]`)) one.checked = on;
    this.stage.redraw(); // the corner says whose regions are shown
  }

  private async saveKeys(keys: Choices): Promise<void> {
    this.panels.tools.nameKeys(this.commands, keys);
    await this.preferences.saveKeys(keys);
  }

  private fault(error: unknown): void {
    if (error instanceof SignedOut) {
      this.status.askToSignIn(() => {
        this.saving.soon(0);
        for (const pane of this.stage.panes) void pane.load();
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
