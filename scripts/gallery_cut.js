// Return the texts of the page that are cut and can't be read: past what they or their ancestors clip, where nothing scrolls.
//
// A text that a title or tip repeats can be read. So can one for screen readers alone, which is hidden on purpose.
() => {
  const REPEATED = "[title],[data-tip],[data-testid=stFileUploader]";
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const clips = (overflow) => overflow === "hidden" || overflow === "clip";
  const positioned = (style) => style.position !== "static" || style.transform !== "none";

  function* texts(root) {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) yield* texts(element.shadowRoot);
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE && node.data.trim()) yield node;
    }
  }

  /** Return whether lines of text reach out of an ancestor that clips them, up to the first one that scrolls in that direction. */
  function cut(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const lines = [...range.getClientRects()].filter((line) => line.width > 1 && line.height > 1);
    let [across, down, outOfFlow] = [true, true, false];
    for (let element = node.parentElement; lines.length && element && (across || down); element = above(element)) {
      const style = getComputedStyle(element), box = element.getBoundingClientRect();
      if (style.clipPath !== "none" || style.clip !== "auto" || box.width <= 1 || box.height <= 1) return false;
      if (element.ownerSVGElement || (style.display === "inline" && element.tagName !== "svg") || style.display === "contents") continue;
      if (!outOfFlow || positioned(style)) {
        if (across && clips(style.overflowX) && lines.some((line) => Math.max(box.left - line.left, line.right - box.right) > 2)) return true;
        // a line's box is higher than its letters
        if (down && clips(style.overflowY) && lines.some((line) => Math.max(box.top - line.top, line.bottom - box.bottom) > line.height / 3)) return true;
        across &&= style.overflowX === "visible" || clips(style.overflowX);
        down &&= style.overflowY === "visible" || clips(style.overflowY);
        outOfFlow = false;
      }
      if (style.position === "fixed") return false;
      outOfFlow ||= style.position === "absolute";
    }
    return false;
  }

  const seen = (node) => node.parentElement.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !node.parentElement.closest(REPEATED);
  const main = document.querySelector("[data-testid=stMain]");
  return [...new Set([...texts(main)].filter((node) => seen(node) && cut(node)).map((node) => node.data.trim().slice(0, 60)))];
}
