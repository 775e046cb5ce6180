// A list of rows that open on a click, by Enter and by tap: a table on a wide place, cards on a narrow one.
//
// The page declares the columns and words every cell (dashboard/components/rows/__init__.py); nothing here knows a language or a shop.
// Text from the shop enters by textContent alone. A row's link covers the whole row, so that a middle click, "copy address" and
// a screen reader find a real link, while a plain click goes there inside the session, as the browser's Back does.

type Tone = "rise" | "fall" | "short" | "excess" | "fine" | "";

interface Product { title: string; sub?: string; initials: string; hue: number; picture?: string }
interface Chance { share: number; text: string; note?: string; tip?: string }
interface Trend { now: number[]; before: number[]; text: string }
interface Facts { facts: { text: string; tone: Tone; meaning?: string }[] }
interface Figure { text: string; sub?: string; tone?: Tone }
interface Quantity { value: number | null; step: number; label: string }
type Cell = Product | Chance | Trend | Facts | Figure | Quantity | null;

interface Column { name: string; label: string; kind: string; least: number; grow: number; tone: Tone; help: string; sort: string; sorted: string }
interface Row { id: string; href: string; cells: Cell[] }
interface Action { label: string; hint: string; page: string; parameter: string; least: number; most: number }
interface Data {
  label: string;
  compact: boolean;
  columns: Column[];
  rows: Row[];
  first: number;
  total: number;
  selects: boolean;
  selected: string[];
  actions: Action[];
  words: { select: string; selected: string; clear: string };
}
interface Component {
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue(name: "selected", value: string[]): void;
  setStateValue(name: "edits", value: Record<string, number | null>): void;
  setTriggerValue(name: "sort", value: string): void;
}

const WEEKS = 26; // a trend is as wide as half a year, however young the product is
const ABSENT = "–";

// ---- elements

type Attributes = Record<string, string | number | boolean | undefined>;

function fill<E extends Element>(element: E, attributes: Attributes, children: (Node | string)[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

function make<T extends keyof HTMLElementTagNameMap>(tag: T, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[T] {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag: string, attributes: Attributes, ...children: Node[]): SVGElement {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// ---- cells

function path(values: number[], highest: number, width: number, height: number): string {
  const step = width / (WEEKS - 1);
  return values
    .map((value, at) => `${at ? "L" : "M"}${(width - step * (values.length - 1 - at)).toFixed(1)} ${(1.5 + (height - 3) * (1 - value / highest)).toFixed(1)}`)
    .join("");
}

function trend(cell: Trend, tone: Tone): Node {
  const [width, height] = [104, 30];
  const now = cell.now.slice(-WEEKS), before = cell.before.slice(-WEEKS);
  const highest = Math.max(1, ...now, ...before);
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": cell.text, "data-tip": cell.text });
  if (before.length > 1) picture.append(draw("path", { class: "before", d: path(before, highest, width, height) }));
  if (now.length > 1) picture.append(draw("path", { class: `now ${tone}`, d: path(now, highest, width, height) }));
  if (now.length === 1) picture.append(draw("circle", { class: `only ${tone}`, cx: width - 2, cy: 1.5 + (height - 3) * (1 - now[0] / highest), r: 1.5 }));
  return picture;
}

function chance(cell: Chance, tone: Tone): Node {
  const filled = make("span", { class: `filled ${tone}` });
  filled.style.width = `${Math.round(100 * cell.share)}%`;
  const figure = make("span", { class: "figure" }, cell.text);
  if (cell.note) figure.append(make("span", { class: "note", "data-tip": cell.tip }, cell.note));
  return make("span", { class: "chance" }, figure, make("span", { class: "bar", "aria-hidden": "true" }, filled));
}

function facts(cell: Facts): Node {
  const lines = cell.facts.map(({ text, tone, meaning }) => {
    const line = make("li", { class: tone, "data-tip": meaning }, text);
    if (meaning) line.append(make("span", { class: "unseen" }, ` (${meaning})`));
    return line;
  });
  return lines.length ? make("ul", { class: "facts" }, ...lines) : document.createTextNode(ABSENT);
}

function figure(cell: Figure): Node {
  const shown = make("span", { class: "figure" }, cell.text);
  return cell.sub ? make("span", {}, shown, make("span", { class: `sub ${cell.tone ?? ""}` }, cell.sub)) : shown;
}

function product(cell: Product, link: HTMLAnchorElement): Node {
  link.append(cell.title);
  const name = make("span", { class: "name", "data-tip": cell.title }, link);
  if (cell.sub) name.append(make("span", { class: "sub" }, cell.sub));
  const tile = cell.picture?.startsWith("data:image/webp;") // never from a remote address
    ? make("img", { class: "tile picture", src: cell.picture, alt: "" })
    : make("span", { class: `tile hue${cell.hue}`, "aria-hidden": "true" }, cell.initials);
  return make("span", { class: "product" }, tile, name);
}

function content(column: Column, cell: Cell, link: HTMLAnchorElement): Node {
  if (cell === null) return make("span", { class: "absent" }, ABSENT);
  switch (column.kind) {
    case "product": return product(cell as Product, link);
    case "chance": return chance(cell as Chance, column.tone);
    case "trend": return trend(cell as Trend, column.tone);
    case "facts": return facts(cell as Facts);
    default: return figure(cell as Figure);
  }
}

// ---- links

/** Follow a link on a plain click without loading the page anew: Streamlit answers a step in the history by running the page there. */
function follow(link: HTMLAnchorElement, before?: () => void): void {
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // the browser's own: another tab, another window
    event.preventDefault();
    before?.();
    history.pushState({}, "", link.href);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  };
}

// ---- the list

/** One list on one page: what is chosen outlives new data, such as another page of it. */
class List {
  private readonly root = make("div", { class: "list" });
  private readonly bar = make("div", { class: "chosen", role: "toolbar" });
  private readonly chosen: Set<string>;
  private shown = "";
  private edits: Record<string, number | null> = {}; // since the last answer of the page

  constructor(private component: Component) {
    this.chosen = new Set(component.data.selected);
    component.parentElement.append(this.root);
    this.root.addEventListener("keydown", (event) => this.move(event));
    this.root.addEventListener("mousemove", (event) => this.explain(event));
    this.root.addEventListener("focusin", (event) => this.rove(event.target as HTMLElement));
  }

  update(component: Component): void {
    this.component = component;
    this.edits = {};
    const told = JSON.stringify(component.data);
    if (told === this.shown) return; // a new theme needs no new elements
    this.shown = told;
    const focused = this.root.querySelector<HTMLElement>(":focus")?.closest<HTMLElement>(".row")?.dataset.id;
    this.build();
    if (focused !== undefined) this.links().find((link) => link.closest<HTMLElement>(".row")?.dataset.id === focused)?.focus();
  }

  private get data(): Data {
    return this.component.data;
  }

  private get selects(): boolean {
    return this.data.selects;
  }

  private links(): HTMLAnchorElement[] {
    return [...this.root.querySelectorAll<HTMLAnchorElement>(".row a.open")];
  }

  private build(): void {
    const { columns, compact, label, rows, total, first } = this.data;
    this.root.classList.toggle("compact", compact);
    const wide = columns.map((column) => `minmax(${column.least}px, ${column.grow}fr)`);
    if (this.selects) wide.unshift("24px");
    const grid = make("div", { class: "grid", role: "grid", "aria-label": label, "aria-rowcount": total + 1, "aria-colcount": wide.length });
    if (this.selects) grid.setAttribute("aria-multiselectable", "true");
    grid.style.setProperty("--columns", wide.join(" "));
    const body = make("div", { class: "body", role: "rowgroup" }, ...rows.map((row, at) => this.row(row, first + at + 2)));
    grid.append(make("div", { class: "heading", role: "rowgroup" }, this.heading()), body);
    this.root.replaceChildren(grid, this.bar);
    this.links().forEach((link, at) => (link.tabIndex = at ? -1 : 0));
    this.report();
  }

  private heading(): HTMLElement {
    const heading = make("div", { class: "row", role: "row", "aria-rowindex": 1 });
    if (this.selects) heading.append(make("span", { role: "columnheader", class: "box" }, make("span", { class: "unseen" }, this.data.words.select.replace("{name}", ""))));
    for (const column of this.data.columns) {
      const head = make("span", { role: "columnheader", class: `kind-${column.kind}`, title: column.help || undefined, "aria-sort": column.sorted || undefined });
      if (column.sort) {
        const button = make("button", { type: "button" }, column.label);
        button.onclick = () => this.component.setTriggerValue("sort", column.sort);
        head.append(button);
      } else {
        head.append(column.label);
      }
      heading.append(head);
    }
    return heading;
  }

  private row(row: Row, place: number): HTMLElement {
    const line = make("div", { class: "row", role: "row", "aria-rowindex": place, "data-id": row.id });
    const link = make("a", { class: "open", href: row.href });
    follow(link, () => line.classList.add("opening"));
    if (this.selects) line.append(make("span", { role: "gridcell", class: "box" }, this.checkbox(row, line)));
    this.data.columns.forEach((column, at) => {
      const said = make("span", { class: "label", "aria-hidden": "true" }, column.label);
      const cell = row.cells[at];
      const shown = column.kind === "quantity" && cell ? this.quantity(row.id, cell as Quantity) : content(column, cell, link);
      line.append(make("span", { role: "gridcell", class: `kind-${column.kind}` }, said, shown));
    });
    return line;
  }

  /** A field to type a number into. The page's answer agrees with what is typed, so that nothing is drawn anew under the next tap. */
  private quantity(id: string, cell: Quantity): HTMLElement {
    const field = make("input", { type: "number", min: 0, step: cell.step, inputmode: "decimal", "aria-label": cell.label });
    const put = () => (field.value = cell.value === null ? "" : String(cell.value));
    put();
    field.onchange = () => {
      if (field.validity.badInput || field.validity.rangeUnderflow) return put();
      cell.value = field.value === "" ? null : field.valueAsNumber;
      this.shown = JSON.stringify(this.data);
      this.edits = { ...this.edits, [id]: cell.value };
      this.component.setStateValue("edits", this.edits);
    };
    return field;
  }

  private checkbox(row: Row, line: HTMLElement): HTMLElement {
    const name = (row.cells[0] as Product | null)?.title ?? row.id;
    const box = make("input", { type: "checkbox", tabindex: -1, "aria-label": this.data.words.select.replace("{name}", name) });
    const mark = () => line.setAttribute("aria-selected", String((box.checked = this.chosen.has(row.id))));
    mark();
    box.onchange = () => {
      if (box.checked) this.chosen.add(row.id);
      else this.chosen.delete(row.id);
      mark();
      this.report();
      this.component.setStateValue("selected", [...this.chosen]);
    };
    return make("label", {}, box); // the label is the larger target for a finger
  }

  /** Show how many rows are chosen and what can be done with them. */
  private report(): void {
    const { actions, words } = this.data;
    this.bar.hidden = !this.chosen.size || !actions.length;
    this.bar.setAttribute("aria-label", words.selected.replace("{count}", String(this.chosen.size)));
    const clear = make("button", { type: "button" }, words.clear);
    clear.onclick = () => {
      this.chosen.clear();
      this.component.setStateValue("selected", []);
      this.build();
      this.links()[0]?.focus();
    };
    const count = make("span", { class: "count", role: "status" }, words.selected.replace("{count}", String(this.chosen.size)));
    this.bar.replaceChildren(count, ...actions.flatMap((action) => this.action(action)), clear);
  }

  private action(action: Action): HTMLElement[] {
    if (this.chosen.size < action.least || this.chosen.size > action.most) return action.hint ? [make("span", { class: "hint" }, action.hint)] : [];
    const ids = [...this.chosen];
    const query = ids.map((id) => `${action.parameter}=${encodeURIComponent(id)}`).join("&");
    const link = make("a", { class: "act", href: `${action.page}?${query}` }, action.label);
    follow(link);
    return [link];
  }

  /** The link that covers a row hides what lies under it from the pointer, so it takes over its tip. */
  private explain(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLElement>(".row")?.querySelector<HTMLAnchorElement>("a.open");
    const under = (this.root.getRootNode() as Document | ShadowRoot).elementsFromPoint(event.clientX, event.clientY);
    const tip = under.find((element) => element.hasAttribute("data-tip"))?.getAttribute("data-tip") ?? "";
    if (link && link.title !== tip) link.title = tip;
  }

  /** Keep one stop of the Tab key in the list: the row that had the focus last. */
  private rove(target: HTMLElement): void {
    if (!target.matches(".row a.open")) return;
    for (const link of this.links()) link.tabIndex = link === target ? 0 : -1;
  }

  private move(event: KeyboardEvent): void {
    if ((event.target as HTMLElement).matches("input[type=number]")) return; // arrows and digits are the field's
    const from = (event.target as HTMLElement).closest<HTMLElement>(".body .row");
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    const lines = [...this.root.querySelectorAll<HTMLElement>(".body .row")];
    const at = lines.indexOf(from), last = lines.length - 1;
    const box = (event.target as HTMLElement).matches("input");
    const next = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (next !== undefined) {
      lines[next].querySelector<HTMLElement>(box ? "input[type=checkbox]" : "a.open")?.focus();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      from.querySelector<HTMLElement>(event.key === "ArrowLeft" && this.selects ? "input[type=checkbox]" : "a.open")?.focus();
    } else if (event.key === " " && !box && this.selects) {
      from.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
    } else if (event.key === "Enter" && box) {
      from.querySelector<HTMLAnchorElement>("a.open")?.click();
    } else {
      return;
    }
    event.preventDefault();
  }
}

const lists = new WeakMap<HTMLElement | ShadowRoot, List>();

export default function (component: Component): void {
  let list = lists.get(component.parentElement);
  if (!list) lists.set(component.parentElement, (list = new List(component)));
  list.update(component);
}
