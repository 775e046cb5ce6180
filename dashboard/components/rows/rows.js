// Compiled by `make frontend` from source d7094fcaa39fd15de310c87db4dde10d3320a5b1f1c0045bd36185ffc6b8b6a3 to fe0a571f1eab2ceea69fc799437803e699e690fe454bc6fa8c2bbcd3f0aa9357.
const WEEKS = 26;
const ABSENT = "–";
function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined && value !== false)
            element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children);
    return element;
}
function make(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}
function draw(tag, attributes, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function path(values, highest, width, height) {
    const step = width / (WEEKS - 1);
    return values
        .map((value, at) => `${at ? "L" : "M"}${(width - step * (values.length - 1 - at)).toFixed(1)} ${(1.5 + (height - 3) * (1 - value / highest)).toFixed(1)}`)
        .join("");
}
function trend(cell, tone) {
    const [width, height] = [104, 30];
    const now = cell.now.slice(-WEEKS), before = cell.before.slice(-WEEKS);
    const highest = Math.max(1, ...now, ...before);
    const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": cell.text, "data-tip": cell.text });
    if (before.length > 1)
        picture.append(draw("path", { class: "before", d: path(before, highest, width, height) }));
    if (now.length > 1)
        picture.append(draw("path", { class: `now ${tone}`, d: path(now, highest, width, height) }));
    if (now.length === 1)
        picture.append(draw("circle", { class: `only ${tone}`, cx: width - 2, cy: 1.5 + (height - 3) * (1 - now[0] / highest), r: 1.5 }));
    return picture;
}
function chance(cell, tone) {
    const filled = make("span", { class: `filled ${tone}` });
    filled.style.width = `${Math.round(100 * cell.share)}%`;
    const figure = make("span", { class: "figure" }, cell.text);
    if (cell.note)
        figure.append(make("span", { class: "note", "data-tip": cell.tip }, cell.note));
    return make("span", { class: "chance" }, figure, make("span", { class: "bar", "aria-hidden": "true" }, filled));
}
function facts(cell) {
    const lines = cell.facts.map(({ text, tone, meaning }) => {
        const line = make("li", { class: tone, "data-tip": meaning }, text);
        if (meaning)
            line.append(make("span", { class: "unseen" }, ` (${meaning})`));
        return line;
    });
    return lines.length ? make("ul", { class: "facts" }, ...lines) : document.createTextNode(ABSENT);
}
function figure(cell) {
    const shown = make("span", { class: "figure" }, cell.text);
    return cell.sub ? make("span", {}, shown, make("span", { class: `sub ${cell.tone ?? ""}` }, cell.sub)) : shown;
}
function product(cell, link) {
    link.append(cell.title);
    const name = make("span", { class: "name", "data-tip": cell.title }, link);
    if (cell.sub)
        name.append(make("span", { class: "sub" }, cell.sub));
    const tile = cell.picture?.startsWith("data:image/webp;")
        ? make("img", { class: "tile picture", src: cell.picture, alt: "" })
        : make("span", { class: `tile hue${cell.hue}`, "aria-hidden": "true" }, cell.initials);
    return make("span", { class: "product" }, tile, name);
}
function content(column, cell, link) {
    if (cell === null)
        return make("span", { class: "absent" }, ABSENT);
    switch (column.kind) {
        case "product": return product(cell, link);
        case "chance": return chance(cell, column.tone);
        case "trend": return trend(cell, column.tone);
        case "facts": return facts(cell);
        default: return figure(cell);
    }
}
function follow(link, before) {
    link.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
            return;
        event.preventDefault();
        before?.();
        history.pushState({}, "", link.href);
        dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    };
}
class List {
    component;
    root = make("div", { class: "list" });
    bar = make("div", { class: "chosen", role: "toolbar" });
    chosen;
    shown = "";
    edits = {};
    constructor(component) {
        this.component = component;
        this.chosen = new Set(component.data.selected);
        component.parentElement.append(this.root);
        this.root.addEventListener("keydown", (event) => this.move(event));
        this.root.addEventListener("mousemove", (event) => this.explain(event));
        this.root.addEventListener("focusin", (event) => this.rove(event.target));
    }
    update(component) {
        this.component = component;
        this.edits = {};
        const told = JSON.stringify(component.data);
        if (told === this.shown)
            return;
        this.shown = told;
        const focused = this.root.querySelector(":focus")?.closest(".row")?.dataset.id;
        this.build();
        if (focused !== undefined)
            this.links().find((link) => link.closest(".row")?.dataset.id === focused)?.focus();
    }
    get data() {
        return this.component.data;
    }
    get selects() {
        return this.data.selects;
    }
    links() {
        return [...this.root.querySelectorAll(".row a.open")];
    }
    build() {
        const { columns, compact, label, rows, total, first } = this.data;
        this.root.classList.toggle("compact", compact);
        const wide = columns.map((column) => `minmax(${column.least}px, ${column.grow}fr)`);
        if (this.selects)
            wide.unshift("24px");
        const grid = make("div", { class: "grid", role: "grid", "aria-label": label, "aria-rowcount": total + 1, "aria-colcount": wide.length });
        if (this.selects)
            grid.setAttribute("aria-multiselectable", "true");
        grid.style.setProperty("--columns", wide.join(" "));
        const body = make("div", { class: "body", role: "rowgroup" }, ...rows.map((row, at) => this.row(row, first + at + 2)));
        grid.append(make("div", { class: "heading", role: "rowgroup" }, this.heading()), body);
        this.root.replaceChildren(grid, this.bar);
        this.links().forEach((link, at) => (link.tabIndex = at ? -1 : 0));
        this.report();
    }
    heading() {
        const heading = make("div", { class: "row", role: "row", "aria-rowindex": 1 });
        if (this.selects)
            heading.append(make("span", { role: "columnheader", class: "box" }, make("span", { class: "unseen" }, this.data.words.select.replace("{name}", ""))));
        for (const column of this.data.columns) {
            const head = make("span", { role: "columnheader", class: `kind-${column.kind}`, title: column.help || undefined, "aria-sort": column.sorted || undefined });
            if (column.sort) {
                const button = make("button", { type: "button" }, column.label);
                button.onclick = () => this.component.setTriggerValue("sort", column.sort);
                head.append(button);
            }
            else {
                head.append(column.label);
            }
            heading.append(head);
        }
        return heading;
    }
    row(row, place) {
        const line = make("div", { class: "row", role: "row", "aria-rowindex": place, "data-id": row.id });
        const link = make("a", { class: "open", href: row.href });
        follow(link, () => line.classList.add("opening"));
        if (this.selects)
            line.append(make("span", { role: "gridcell", class: "box" }, this.checkbox(row, line)));
        this.data.columns.forEach((column, at) => {
            const said = make("span", { class: "label", "aria-hidden": "true" }, column.label);
            const cell = row.cells[at];
            const shown = column.kind === "quantity" && cell ? this.quantity(row.id, cell) : content(column, cell, link);
            line.append(make("span", { role: "gridcell", class: `kind-${column.kind}` }, said, shown));
        });
        return line;
    }
    quantity(id, cell) {
        const field = make("input", { type: "number", min: 0, step: cell.step, inputmode: "decimal", "aria-label": cell.label });
        const put = () => (field.value = cell.value === null ? "" : String(cell.value));
        put();
        field.onchange = () => {
            if (field.validity.badInput || field.validity.rangeUnderflow)
                return put();
            cell.value = field.value === "" ? null : field.valueAsNumber;
            this.shown = JSON.stringify(this.data);
            this.edits = { ...this.edits, [id]: cell.value };
            this.component.setStateValue("edits", this.edits);
        };
        return field;
    }
    checkbox(row, line) {
        const name = row.cells[0]?.title ?? row.id;
        const box = make("input", { type: "checkbox", tabindex: -1, "aria-label": this.data.words.select.replace("{name}", name) });
        const mark = () => line.setAttribute("aria-selected", String((box.checked = this.chosen.has(row.id))));
        mark();
        box.onchange = () => {
            if (box.checked)
                this.chosen.add(row.id);
            else
                this.chosen.delete(row.id);
            mark();
            this.report();
            this.component.setStateValue("selected", [...this.chosen]);
        };
        return make("label", {}, box);
    }
    report() {
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
    action(action) {
        if (this.chosen.size < action.least || this.chosen.size > action.most)
            return action.hint ? [make("span", { class: "hint" }, action.hint)] : [];
        const ids = [...this.chosen];
        const query = ids.map((id) => `${action.parameter}=${encodeURIComponent(id)}`).join("&");
        const link = make("a", { class: "act", href: `${action.page}?${query}` }, action.label);
        follow(link);
        return [link];
    }
    explain(event) {
        const link = event.target.closest(".row")?.querySelector("a.open");
        const under = this.root.getRootNode().elementsFromPoint(event.clientX, event.clientY);
        const tip = under.find((element) => element.hasAttribute("data-tip"))?.getAttribute("data-tip") ?? "";
        if (link && link.title !== tip)
            link.title = tip;
    }
    rove(target) {
        if (!target.matches(".row a.open"))
            return;
        for (const link of this.links())
            link.tabIndex = link === target ? 0 : -1;
    }
    move(event) {
        if (event.target.matches("input[type=number]"))
            return;
        const from = event.target.closest(".body .row");
        if (!from || event.ctrlKey || event.metaKey || event.altKey)
            return;
        const lines = [...this.root.querySelectorAll(".body .row")];
        const at = lines.indexOf(from), last = lines.length - 1;
        const box = event.target.matches("input");
        const next = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
        if (next !== undefined) {
            lines[next].querySelector(box ? "input[type=checkbox]" : "a.open")?.focus();
        }
        else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
            from.querySelector(event.key === "ArrowLeft" && this.selects ? "input[type=checkbox]" : "a.open")?.focus();
        }
        else if (event.key === " " && !box && this.selects) {
            from.querySelector("input[type=checkbox]")?.click();
        }
        else if (event.key === "Enter" && box) {
            from.querySelector("a.open")?.click();
        }
        else {
            return;
        }
        event.preventDefault();
    }
}
const lists = new WeakMap();
export default function (component) {
    let list = lists.get(component.parentElement);
    if (!list)
        lists.set(component.parentElement, (list = new List(component)));
    list.update(component);
}
