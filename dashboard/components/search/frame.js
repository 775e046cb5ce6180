// Compiled by `make frontend` from source 19a45b7b2ab67adafbe493104df6687c009ed36d2b90ee4b3804c1fb8aa94098 to 7f6ce4e8aa13d2a7256cd9ed7dcab34cee4a0c8d068cb64d1341581104f2efed.
const DELAY = 120;
const WIDEST = 460;
const NARROW = 230;
const states = new WeakMap();
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
    const find = (name) => parentElement.querySelector(name);
    const input = find("input"), panel = find(".panel"), list = find("ul"), status = find("p");
    document.documentElement.lang = data.language;
    input.placeholder = input.clientWidth < NARROW ? data.words.short : data.words.search;
    input.setAttribute("aria-label", data.words.search);
    list.setAttribute("aria-label", data.words.found);
    const known = states.get(input);
    const state = known ?? { active: 0, timer: 0, waiting: false, warm: false, place: () => undefined, ask };
    const asked = () => input.value.trim();
    const answered = () => asked() !== "" && data.query === asked();
    function place() {
        const box = input.getBoundingClientRect();
        const room = document.documentElement.clientWidth - 16;
        const width = Math.min(room, Math.max(box.width, WIDEST));
        Object.assign(panel.style, { width: `${width}px`, top: `${box.bottom + 4}px`, left: `${Math.max(8, Math.min(box.left, room + 8 - width))}px` });
    }
    function toggle(open) {
        if (panel.matches(":popover-open") !== open)
            panel.togglePopover(open);
        input.setAttribute("aria-expanded", String(open));
        if (open)
            place();
    }
    function leave() {
        clearTimeout(state.timer);
        state.waiting = false;
        input.value = "";
        toggle(false);
        input.blur();
    }
    function open(at) {
        const hit = data.hits[at];
        if (!hit)
            return;
        leave();
        setTriggerValue("open", hit.id);
    }
    function point(at) {
        state.active = at;
        list.querySelectorAll("a").forEach((link, i) => link.setAttribute("aria-selected", String(i === at)));
        const link = list.querySelectorAll("a")[at];
        if (!link)
            return input.removeAttribute("aria-activedescendant");
        input.setAttribute("aria-activedescendant", link.id);
        link.scrollIntoView({ block: "nearest" });
    }
    function option(hit, at) {
        const link = document.createElement("a");
        Object.assign(link, { id: `found-${at}`, href: hit.href, tabIndex: -1 });
        link.setAttribute("role", "option");
        if (hit.picture.startsWith("data:image/webp;")) {
            const picture = document.createElement("img");
            Object.assign(picture, { src: hit.picture, alt: "" });
            link.append(picture);
        }
        for (const part of ["name", "fact"]) {
            const text = document.createElement("span");
            text.className = part;
            text.textContent = hit[part];
            link.append(text);
        }
        link.onclick = (event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey)
                return;
            event.preventDefault();
            open(at);
        };
        link.onmousemove = () => { if (state.active !== at)
            point(at); };
        const item = document.createElement("li");
        item.setAttribute("role", "presentation");
        item.append(link);
        return item;
    }
    function show() {
        if (!answered())
            return;
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
    function ask() {
        clearTimeout(state.timer);
        if (asked() === "")
            return toggle(false);
        if (answered())
            return show();
        state.timer = window.setTimeout(() => setStateValue("query", asked()), DELAY);
    }
    input.oninput = (event) => {
        state.waiting = false;
        if (!event.isComposing)
            ask();
    };
    input.onfocus = () => {
        if (!state.warm)
            setTriggerValue("focus", true);
        state.warm = true;
        show();
    };
    input.onblur = () => toggle(false);
    panel.onmousedown = (event) => event.preventDefault();
    input.onkeydown = (event) => {
        if (event.isComposing)
            return;
        const moves = { ArrowDown: 1, ArrowUp: -1 };
        if (event.key in moves && answered() && data.hits.length) {
            point((state.active + moves[event.key] + data.hits.length) % data.hits.length);
        }
        else if (event.key === "Enter") {
            if (answered())
                open(state.active);
            else
                state.waiting = asked() !== "";
        }
        else if (event.key === "Escape") {
            leave();
        }
        else
            return;
        event.preventDefault();
        event.stopPropagation();
    };
    state.place = () => { if (panel.matches(":popover-open"))
        place(); };
    state.ask = ask;
    if (!known)
        listen(input, state);
    states.set(input, state);
    show();
}
function listen(input, state) {
    const over = new AbortController();
    const here = (act) => (event) => (input.isConnected ? act(event) : over.abort());
    const shortcut = (event) => {
        const at = event.composedPath()[0];
        const writes = at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
        const slash = event.key === "/" && !writes && !event.ctrlKey && !event.metaKey && !event.altKey;
        if (!slash && !(event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey))
            return;
        event.preventDefault();
        event.stopPropagation();
        input.focus();
        input.select();
    };
    input.addEventListener("compositionend", () => state.ask());
    document.addEventListener("keydown", here(shortcut), { signal: over.signal, capture: true });
    for (const kind of ["scroll", "resize"])
        window.addEventListener(kind, here(() => state.place()), { signal: over.signal, capture: true, passive: true });
}
