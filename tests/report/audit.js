// Of the page that is open: text with too little contrast, boxes wider than the window, controls
// without a name, identities given twice. An empty list is right.
(() => {
  const parts = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const named = (element) => `${element.tagName.toLowerCase()}#${element.id} `
    + `${element.textContent.trim().slice(0, 40)}`;
  const pale = [], wide = [], nameless = [], twice = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, style")) continue;
    const style = getComputedStyle(element);
    const svg = element instanceof SVGElement;
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = ratio(parts(svg ? style.fill : style.color), ground(element));
    if (found < (large ? 3 : 4.5)) pale.push(`${named(element)} ${found.toFixed(2)}`);
  }
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > room) {
    document.querySelectorAll("body *").forEach((element) => {
      const box = element.getBoundingClientRect();
      if (box.right > room + 1 && !element.closest(".scroll, svg")) wide.push(named(element));
    });
    wide.push(`the page: ${document.documentElement.scrollWidth} in ${room}`);
  }
  document.querySelectorAll("button, a[href], input, [tabindex='0'], svg[role='img']")
    .forEach((element) => {
      const name = element.getAttribute("aria-label") || element.textContent.trim()
        || [...(element.labels || [])].map((label) => label.textContent.trim()).join("");
      if (!name) nameless.push(element.outerHTML.slice(0, 80));
    });
  const seen = new Set();
  document.querySelectorAll("[id]").forEach((element) => {
    if (element.closest("svg")) return;
    if (seen.has(element.id)) twice.push(element.id);
    seen.add(element.id);
  });
  return { pale, wide, nameless, twice };
})()
