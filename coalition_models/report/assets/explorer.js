// The explorer: one specification of a finding at a time, beside the curve of all of them.
// Every number shown is read from the tables inside the page, which are the CSV files beside it.
"use strict";
(() => {
  const held = JSON.parse(document.getElementById("held").textContent);
  const form = document.getElementById("choices");
  const names = held.dimensions;
  const specifications = rowsOf(held.table);
  const joint = rowsOf(held.joint);
  const leavers = Map.groupBy
    ? Map.groupBy(rowsOf(held.left), (row) => row.left)
    : grouped(rowsOf(held.left), (row) => row.left);
  const byChoice = new Map(specifications.map((row) => [keyOf(row), row]));
  const standard = Object.fromEntries(names.map((name) => [name, held.options[name][0]]));
  const known = specifications.filter((row) => row.ratio !== "")
    .sort((one, other) => one.ratio - other.ratio || one.specification - other.specification);
  known.forEach((row, at) => { row.place = at + 1; });
  let chosen = { ...standard };

  // ---- tables -------------------------------------------------------------------------------
  function rowsOf(text) {
    const lines = [[]];
    let cell = "", quoted = false;
    for (let at = 0; at < text.length; at += 1) {
      const letter = text[at];
      if (quoted && letter === '"' && text[at + 1] === '"') { cell += '"'; at += 1; }
      else if (letter === '"') quoted = !quoted;
      else if (quoted || (letter !== "," && letter !== "\n")) cell += letter;
      else {
        lines[lines.length - 1].push(cell);
        cell = "";
        if (letter === "\n") lines.push([]);
      }
    }
    lines.pop();
    const [head, ...body] = lines;
    return body.map((line) => Object.fromEntries(head.map((name, at) => [name, line[at]])));
  }

  function grouped(rows, keyed) {
    const found = new Map();
    rows.forEach((row) => found.set(keyed(row), [...(found.get(keyed(row)) || []), row]));
    return found;
  }

  function keyOf(choices) {
    return names.map((name) => choices[name]).join("\u0001");
  }

  // ---- words --------------------------------------------------------------------------------
  function ratio(text) {
    if (text === "" || text === undefined) return "none";
    const number = Number(text);
    if (number >= 1000) return "over 1000";
    return number !== 0 && number < 0.005 ? "under 0.01" : number.toFixed(2);
  }

  function pValue(text) {
    if (text === "" || text === undefined) return "none";
    return Number(text) < 0.001 ? "<0.001" : Number(text).toFixed(3);
  }

  function interval(row) {
    return row.ratio === "" ? "no interval" : `${ratio(row.ratio_low)} to ${ratio(row.ratio_high)}`;
  }

  function whole(text) {
    return text === "" || text === undefined ? "none" : String(Number(text));
  }

  function scaleOf(row) {
    return held.scales[row.estimator] || "ratio";
  }

  // ---- small pieces of the page ---------------------------------------------------------------
  function element(kind, text, attributes = {}) {
    const made = document.createElement(kind);
    if (text !== undefined && text !== null) made.textContent = text;
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }

  function put(id, text, raw) {
    const place = document.getElementById(id);
    place.textContent = text;
    if (raw !== undefined) place.dataset.value = raw;
  }

  function table(place, head, lines, caption) {
    const made = element("table");
    if (caption) made.append(element("caption", caption));
    const top = element("tr");
    head.forEach((text) => top.append(element("th", text, { scope: "col" })));
    const thead = element("thead");
    thead.append(top);
    const body = element("tbody");
    lines.forEach((line) => {
      const row = element("tr");
      line.forEach((text, at) => row.append(
        element(at ? "td" : "th", text, at ? {} : { scope: "row" })));
      body.append(row);
    });
    made.append(thead, body);
    place.replaceChildren(made);
  }

  // ---- the address holds the choices ------------------------------------------------------------
  function toAddress() {
    return `#${new URLSearchParams(chosen)}`;
  }

  function fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const unknown = [];
    const found = { ...standard };
    asked.forEach((label, name) => {
      if (names.includes(name) && held.options[name].includes(label)) found[name] = label;
      else unknown.push(`${name}=${label}`);
    });
    put("unknown", unknown.length
      ? `The address asks for what is not here, so that the default stands: ${unknown.join(", ")}`
      : "");
    chosen = found;
  }

  function choose(choices) {
    chosen = { ...chosen, ...choices };
    put("unknown", "");
    if (location.hash !== toAddress()) location.hash = toAddress();
    show();
  }

  // ---- one specification ----------------------------------------------------------------------
  function show() {
    const row = byChoice.get(keyOf(chosen));
    const usual = byChoice.get(keyOf(standard));
    names.forEach((name) => {
      [...form.elements].filter((one) => one.name === name)
        .forEach((one) => { one.checked = one.value === chosen[name]; });
    });
    showOthers();
    document.body.dataset.specification = row ? row.specification : "";
    document.getElementById("found").hidden = !row;
    put("missing", row ? "" : "This combination was not drawn into the sample of this page.");
    if (row) {
      showResult(row);
      showChanges(row, usual);
      showLeavers(row);
    }
    showJoint();
    drawCurve(row, usual);
  }

  function showOthers() {
    form.querySelectorAll("[data-name]").forEach((place) => {
      const { name, option } = place.dataset;
      const other = byChoice.get(keyOf({ ...chosen, [name]: option }));
      place.textContent = other ? ratio(other.ratio) : "";
    });
  }

  function showResult(row) {
    put("ratio", ratio(row.ratio), row.ratio);
    put("scale", `${scaleOf(row)} of leaving with an election near`);
    put("interval", row.ratio === "" ? "" : `95% interval ${interval(row)}`,
      `${row.ratio_low} ${row.ratio_high}`);
    put("reason", row.problem || row.note);
    put("p_value", pValue(row.p_value), row.p_value);
    put("p_exchange", pValue(row.p_exchange), row.p_exchange);
    put("z", row.z === "" ? "none" : Number(row.z).toFixed(2), row.z);
    held.counts.forEach((name) => put(name, whole(row[name]), row[name]));
    const all = joint.find((one) => one.dimension === "" && one.statistic === "median z") || {};
    put("joint_p", pValue(all.p_value), all.p_value);
    put("glance", `${ratio(row.ratio)} (${interval(row)}); ${whole(row.events)} events, ${
      whole(row.exposed_events)} exposed`);
    const beyond = row.z !== "" && Math.abs(row.z) > held.edge;
    put("standing", row.place
      ? `Place ${row.place} of ${known.length} on the curve; the score z is ${
        beyond ? "" : "not "}beyond 1.96.`
      : "Not on the curve, since it has no estimate.");
  }

  function showChanges(row, usual) {
    const place = document.getElementById("changes");
    const other = names.filter((name) => chosen[name] !== standard[name]);
    if (!other.length || !usual) {
      place.replaceChildren(element("p", "This is the default: the first option of every choice."));
      return;
    }
    const list = element("ul");
    other.forEach((name) => list.append(element(
      "li", `${held.titles[name]}: ${chosen[name]} (default ${standard[name]})`)));
    const numbers = element("div", null, { class: "scroll", tabindex: "0", role: "region",
      "aria-label": "Default and chosen side by side" });
    table(numbers, ["", "default", "chosen"], [
      ["ratio", ratio(usual.ratio), ratio(row.ratio)],
      ["95% interval", interval(usual), interval(row)],
      ["p by exchange", pValue(usual.p_exchange), pValue(row.p_exchange)],
      ["events", whole(usual.events), whole(row.events)],
      ["exposed events", whole(usual.exposed_events), whole(row.exposed_events)],
      ["rows", whole(usual.rows), whole(row.rows)],
    ]);
    place.replaceChildren(list, numbers, ...whoChanged(row, usual));
  }

  function whoChanged(row, usual) {
    const here = new Map(listOf(row).map((one) => [`${one.state} ${one.spell}`, one]));
    const there = new Map(listOf(usual).map((one) => [`${one.state} ${one.spell}`, one]));
    const parts = {
      "Left here, not in the default": [...here].filter(([key]) => !there.has(key))
        .map(([, one]) => `${one.name} (${dayOf(one)})`),
      "Left in the default, not here": [...there].filter(([key]) => !here.has(key))
        .map(([, one]) => `${one.name} (${dayOf(one)})`),
      "Left in another month": [...here]
        .filter(([key, one]) => there.has(key) && there.get(key).month !== one.month)
        .map(([key, one]) => `${one.name} (${dayOf(one)}, default ${dayOf(there.get(key))})`),
      "Other exposure": [...here]
        .filter(([key, one]) => there.has(key) && there.get(key).exposed !== one.exposed)
        .map(([, one]) => `${one.name} (${one.exposed === "1" ? "now" : "not"} near an election)`),
    };
    return Object.entries(parts).filter(([, found]) => found.length)
      .map(([title, found]) => element("p", `${title}: ${found.join("; ")}.`));
  }

  function listOf(row) {
    return leavers.get(row.left) || [];
  }

  function dayOf(one) {
    return one.day || one.month;
  }

  function showLeavers(row) {
    const list = listOf(row);
    table(document.getElementById("leavers"), ["state", "left", "election near"],
      list.map((one) => [
        Number(one.spell) > 1 ? `${one.name}, spell ${one.spell}` : one.name,
        dayOf(one), one.exposed === "1" ? "yes" : "no"]),
      `${list.length} who left: the exits that this model used`);
  }

  function showJoint() {
    const groups = [["", "", "all specifications"],
      ...names.filter((name) => held.options[name].length > 1)
        .map((name) => [name, chosen[name], `${held.titles[name]}: ${chosen[name]}`])];
    const lines = groups.map(([name, option, title]) => {
      const tests = joint.filter((one) => one.dimension === name && one.option === option);
      const of = (statistic) => tests.find((one) => one.statistic === statistic) || {};
      return [title, whole((tests[0] || {}).specifications),
        ...["median z", "share beyond 1.96", "largest z in size"]
          .map((statistic) => pValue(of(statistic).p_value))];
    });
    table(document.getElementById("joint"),
      ["", "specifications", "p of median z", "p of share beyond 1.96", "p of largest z"], lines);
  }

  // ---- the curve ------------------------------------------------------------------------------
  function drawCurve(row, usual) {
    const place = document.getElementById("curve");
    const width = Math.max(300, Math.round(place.clientWidth));
    const left = width < 600 ? 118 : 210;
    const options = names.flatMap((name) => held.options[name].length < 2 ? []
      : [{ title: held.titles[name] }, ...held.options[name].map((option) => ({ name, option }))]);
    const top = 12, tall = 250, line = 17, gap = 34;
    const height = top + tall + gap + options.length * line + 8;
    const x = (at) => left + ((at - 0.5) / known.length) * (width - left - 10);
    const [low, high] = held.limits.map(Math.log);
    const y = (value) => top + tall * (1 - (Math.min(Math.max(Math.log(value), low), high) - low)
      / (high - low));
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `${known.length} estimates in order, with the choices behind each; the chosen `
        + `one has place ${row && row.place ? row.place : "none"}` });
    held.marks.forEach((value) => {
      picture.append(svg("path", { d: `M${left} ${y(value)}H${width - 10}`,
        class: value === 1 ? "one" : "grid" }));
      picture.append(words(left - 6, y(value) + 4, String(value), "end"));
    });
    picture.append(words(left - 6, top + tall + 20, "ratio, log scale", "end"));
    ["plain", "beyond"].forEach((kind) => {
      const mine = known.filter((one) => (Math.abs(one.z) > held.edge) === (kind === "beyond"));
      const spans = mine.map((one) =>
        `M${x(one.place).toFixed(1)} ${y(one.ratio_low).toFixed(1)}V${y(one.ratio_high).toFixed(1)}`);
      const dots = mine.map((one) => `M${x(one.place).toFixed(1)} ${y(one.ratio).toFixed(1)}h0`);
      picture.append(svg("path", { d: spans.join(""), class: `span ${kind}` }));
      picture.append(svg("path", { d: dots.join(""), class: `dot ${kind}` }));
    });
    options.forEach((one, at) => {
      const level = top + tall + gap + at * line + 12;
      const short = (text) => (width < 600 && text.length > 17 ? `${text.slice(0, 16)}\u2026` : text);
      if (one.title) { picture.append(words(left - 6, level, short(one.title), "end", "head")); return; }
      const mine = chosen[one.name] === one.option;
      picture.append(words(left - 6, level, short(one.option), "end", mine ? "mine" : ""));
      const ticks = known.filter((each) => each[one.name] === one.option)
        .map((each) => `M${x(each.place).toFixed(1)} ${level - 10}v9`);
      picture.append(svg("path", { d: ticks.join(""), class: mine ? "tick mine" : "tick" }));
    });
    [[usual, "usual"], [row, "chosen"]].forEach(([one, kind]) => {
      if (!one || !one.place) return;
      picture.append(svg("path", { d: `M${x(one.place)} ${top}V${height - 6}`, class: kind }));
      picture.append(svg("circle", { cx: x(one.place), cy: y(one.ratio), r: 6, class: kind }));
    });
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const share = ((event.clientX - box.left) * (width / box.width) - left) / (width - left - 10);
      goTo(Math.ceil(share * known.length));
    });
    place.replaceChildren(picture);
    const walk = document.getElementById("walk");
    walk.max = known.length;
    if (row && row.place) walk.value = row.place;
    walk.setAttribute("aria-valuetext", row && row.place ? `ratio ${ratio(row.ratio)}` : "none");
  }

  function goTo(place) {
    const row = known[Math.min(Math.max(place, 1), known.length) - 1];
    choose(Object.fromEntries(names.map((name) => [name, row[name]])));
  }

  function svg(kind, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }

  function words(x, y, text, anchor, kind = "") {
    const made = svg("text", { x, y, "text-anchor": anchor, class: kind });
    made.textContent = text;
    return made;
  }

  // ---- what a reader does -----------------------------------------------------------------------
  function download(text, name) {
    const link = element("a", null, { download: name });
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.click();
    URL.revokeObjectURL(link.href);
  }

  form.addEventListener("change", (event) => {
    if (names.includes(event.target.name)) choose({ [event.target.name]: event.target.value });
  });
  document.getElementById("walk").addEventListener("input", (event) => goTo(+event.target.value));
  document.getElementById("reset").addEventListener("click", () => choose(standard));
  document.querySelectorAll("button[data-file]").forEach((button) => button.addEventListener(
    "click", () => download(held[button.dataset.file], `${button.dataset.name}.csv`)));
  addEventListener("hashchange", () => {
    if (location.hash === toAddress()) return;
    fromAddress();
    show();
  });
  let width = 0;
  new ResizeObserver(([place]) => {
    if (Math.round(place.contentRect.width) === width) return;
    width = Math.round(place.contentRect.width);
    drawCurve(byChoice.get(keyOf(chosen)), byChoice.get(keyOf(standard)));
  }).observe(document.getElementById("curve"));
  fromAddress();
  show();
})();
