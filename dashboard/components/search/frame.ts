// The search of every page, and the language of the document. The server finds (dashboard/components/search/__init__.py) and words
// every text; names come from the shop and enter by textContent alone.

const DELAY = 120; // ms without a key before the server is asked
const WIDEST = 460; // px of the list
const NARROW = 230; // px of the field, below which its hint is one word

interface Hit { id: string; href: string; name: string; fact: string; picture: string }
interface Data { language: string; query: string; hits: Hit[]; words: { search: string; short: string; found: string; count: string } }
interface Component {
  data: Data;
  parentElement: ShadowRoot;
  setStateValue(name: "query", value: string): void;
  setTriggerValue(name: "open" | "focus", value: unknown): void;
}
interface State { active: number; timer: number; waiting: boolean; warm: boolean; place: () => void; ask: () => void }

const states = new WeakMap<HTMLInputElement, State>(); // what outlives an answer, by field

export default function ({ data, parentElement, setStateValue, setTriggerValue }: Component): void {
  const find = <E extends HTMLElement>(name: string) => parentElement.querySelector(name) as E;
  const input = find<HTMLInputElement>("input"), panel = find(".panel"), list = find("ul"), status = find("p");
  document.documentElement.lang = data.language;
  input.placeholder = input.clientWidth < NARROW ? data.words.short : data.words.search;
  input.setAttribute("aria-label", data.words.search);
  list.setAttribute("aria-label", data.words.found);
  const known = states.get(input);
  const state: State = known ?? { active: 0, timer: 0, waiting: false, warm: false, place: () => undefined, ask };
  const asked = () => input.value.trim();
  const answered = () => asked() !== "" && data.query === asked();

  function place(): void {
    const box = input.getBoundingClientRect();
    const room = document.documentElement.clientWidth - 16;
    const width = Math.min(room, Math.max(box.width, WIDEST));
    Object.assign(panel.style, { width: `${width}px`, top: `${box.bottom + 4}px`, left: `${Math.max(8, Math.min(box.left, room + 8 - width))}px` });
  }

  function toggle(open: boolean): void {
    if (panel.matches(":popover-open") !== open) panel.togglePopover(open);
    input.setAttribute("aria-expanded", String(open));
    if (open) place();
  }

  function leave(): void {
    clearTimeout(state.timer);
    state.waiting = false;
    input.value = "";
    toggle(false);
    input.blur();
  }

  function open(at: number): void {
    const hit = data.hits[at];
    if (!hit) return;
    leave();
    setTriggerValue("open", hit.id);
  }

  function point(at: number): void {
    state.active = at;
    list.querySelectorAll("a").forEach((link, i) => link.setAttribute("aria-selected", String(i === at)));
    const link = list.querySelectorAll("a")[at];
    if (!link) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", link.id);
    link.scrollIntoView({ block: "nearest" });
  }

  function option(hit: Hit, at: number): HTMLElement {
    const link = document.createElement("a");
    Object.assign(link, { id: `found-${at}`, href: hit.href, tabIndex: -1 });
    link.setAttribute("role", "option");
    if (hit.picture.startsWith("data:image/webp;")) { // never from a remote address
      const picture = document.createElement("img");
      Object.assign(picture, { src: hit.picture, alt: "" });
      link.append(picture);
    }
    for (const part of ["name", "fact"] as const) {
      const text = document.createElement("span");
      text.className = part;
      text.textContent = hit[part];
      link.append(text);
    }
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser's own tab or window
      event.preventDefault();
      open(at);
    };
    link.onmousemove = () => { if (state.active !== at) point(at); };
    const item = document.createElement("li");
    item.setAttribute("role", "presentation");
    item.append(link);
    return item;
  }

  function show(): void {
    if (!answered()) return;
    list.replaceChildren(...data.hits.map(option));
    status.textContent = data.words.count;
    panel.classList.toggle("counted", data.hits.length > 0);
    point(0);
    toggle(parentElement.activeElement === input);
    if (state.waiting) {
      state.waiting = false;
      open(0);
    }
  }

  function ask(): void {
    clearTimeout(state.timer);
    if (asked() === "") return toggle(false);
    if (answered()) return show();
    state.timer = window.setTimeout(() => setStateValue("query", asked()), DELAY);
  }

  input.oninput = (event) => {
    state.waiting = false;
    if (!(event as InputEvent).isComposing) ask(); // letters of an unfinished Chinese word
  };
  input.onfocus = () => {
    if (!state.warm) setTriggerValue("focus", true);
    state.warm = true;
    show();
  };
  input.onblur = () => toggle(false);
  panel.onmousedown = (event) => event.preventDefault(); // a click on the list leaves the focus in the field
  input.onkeydown = (event) => {
    if (event.isComposing) return;
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && answered() && data.hits.length) {
      point((state.active + moves[event.key] + data.hits.length) % data.hits.length);
    } else if (event.key === "Enter") {
      if (answered()) open(state.active);
      else state.waiting = asked() !== "";
    } else if (event.key === "Escape") {
      leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  state.place = () => { if (panel.matches(":popover-open")) place(); };
  state.ask = ask;
  if (!known) listen(input, state);
  states.set(input, state);
  show();
}

/** Listen to the whole page for as long as the field is in it. */
function listen(input: HTMLInputElement, state: State): void {
  const over = new AbortController();
  const here = <E extends Event>(act: (event: E) => void) => (event: E) => (input.isConnected ? act(event) : over.abort());
  const shortcut = (event: KeyboardEvent) => {
    const at = event.composedPath()[0];
    const writes = at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
    const slash = event.key === "/" && !writes && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!slash && !(event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey)) return;
    event.preventDefault();
    event.stopPropagation();
    input.focus();
    input.select();
  };
  input.addEventListener("compositionend", () => state.ask());
  document.addEventListener("keydown", here(shortcut), { signal: over.signal, capture: true });
  for (const kind of ["scroll", "resize"]) window.addEventListener(kind, here(() => state.place()), { signal: over.signal, capture: true, passive: true });
}
