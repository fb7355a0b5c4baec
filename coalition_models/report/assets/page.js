// Tables sort by a heading and can be kept as CSV; the contents show where the reader is.
"use strict";
(() => {
  document.querySelectorAll("table.coalition-table").forEach((table) => {
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells];
    // a row that begins with nothing belongs to the one above it: such a table keeps its order
    const free = rows.length > 1 && rows.every((row) => row.cells[0].textContent.trim() !== "");
    if (free) heads.forEach((head, at) => makeSortable(table, head, at, heads));
    const tools = table.closest(".table")?.querySelector(".tools");
    if (tools) addDownload(table, tools);
    if (tools && matchMedia("(max-width: 48rem)").matches && rows.length > 20) fold(table, tools);
  });

  // on a phone a long table begins with a few rows; sorting and keeping take all of them
  function fold(table, tools) {
    const box = table.closest(".table");
    const button = document.createElement("button");
    const show = (few) => {
      box.classList.toggle("few", few);
      button.textContent = few ? `Show all ${table.tBodies[0].rows.length} rows` : "Show fewer rows";
      button.setAttribute("aria-expanded", String(!few));
    };
    button.type = "button";
    button.addEventListener("click", () => show(!box.classList.contains("few")));
    show(true);
    tools.prepend(button, " \u00b7 ");
  }

  function makeSortable(table, head, at, heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    if (!button.textContent.trim()) return head.append(...button.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const body = table.tBodies[0];
      const keyed = [...body.rows].map((row) => [valueOf(row.cells[at].textContent), row]);
      keyed.sort(([one], [other]) => compare(one, other, up));
      body.append(...keyed.map(([, row]) => row));
    });
    return undefined;
  }

  // numbers as numbers, with what stands behind them aside; what is empty comes last
  function valueOf(text) {
    const plain = text.trim();
    const number = /^[<>]?\s*(-?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?![\d-])/i.exec(plain);
    return { plain, number: number ? Number(number[1].replaceAll(",", "")) : NaN };
  }

  function compare(one, other, up) {
    if (!one.plain || !other.plain) return !one.plain - !other.plain;
    const both = !Number.isNaN(one.number) && !Number.isNaN(other.number);
    const order = both ? one.number - other.number : one.plain.localeCompare(other.plain, "en");
    return up ? order : -order;
  }

  function addDownload(table, tools) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Keep as CSV";
    button.addEventListener("click", () => {
      const lines = [...table.rows].map((row) => [...row.cells].map(quoted).join(","));
      const link = document.createElement("a");
      link.download = `${tools.dataset.name || "table"}_as_shown.csv`;
      link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
      link.click();
      URL.revokeObjectURL(link.href);
    });
    tools.prepend(button, tools.childNodes.length ? " \u00b7 " : "");
  }

  function quoted(cell) {
    const text = cell.textContent;
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  const contents = document.querySelector("nav.toc details");
  if (!contents) return;
  if (matchMedia("(max-width: 62rem)").matches) contents.open = false;
  const links = new Map([...contents.querySelectorAll("a")]
    .map((link) => [link.getAttribute("href").slice(1), link]));
  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    links.forEach((link) => link.removeAttribute("aria-current"));
    links.get(entry.target.id)?.setAttribute("aria-current", "true");
  }), { rootMargin: "0px 0px -70% 0px" });
  document.querySelectorAll("main h2[id]").forEach((heading) => seen.observe(heading));
})();
