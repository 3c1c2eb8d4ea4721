// What a cell shows when it is opened. Everything that comes from the results is put in as text,
// never as markup.
"use strict";
(() => {
  const results = JSON.parse(document.getElementById("results").textContent);
  const rules = new Map(results.rules.map((rule) => [rule.id, rule]));
  const dialog = document.getElementById("evidence");
  const title = document.getElementById("evidence-title");
  const body = document.getElementById("evidence-body");
  const buttons = [...document.querySelectorAll("button[data-cell]")];

  // An element with attributes and children; children that are no elements are text.
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const count = (number, one, many = one + "s") => `${number} ${number === 1 ? one : many}`;

  // "ChildStarted" as words.
  const words = (what) => what.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

  // The largest number is that of a context that cannot be told.
  const place = (context) => context === 0 ? "loop's context" : context === 0xffffffff ? "unknown context" : `context ${context}`;

  // A rule's text: what stands in backticks is code.
  const prose = (text) => text.split("`").map((piece, at) => at % 2 === 1 ? make("code", {}, piece) : piece);

  // A lane for each context, an event a line, indented by what it happened inside of.
  const timeline = (history) => {
    const contexts = [...new Set(history.map((event) => event.context))].sort((a, b) => a - b);
    const head = make("div", { class: "lanes", "aria-hidden": "true" }, make("span", { class: "lane" }, "loop's clock"));
    for (const context of contexts) head.append(make("span", { class: "lane" }, place(context)));
    const list = make("ol", { class: "timeline" });
    const depths = new Map();
    for (const event of history) {
      let depth = depths.get(event.context) ?? 0;
      if (["Ended", "Exit", "PollEnded"].includes(event.what)) depth = Math.max(0, depth - 1);
      const lane = contexts.indexOf(event.context);
      const row = make("li", { class: "lanes" });
      row.append(event.at === null
        ? make("span", { class: "notime" }, "")
        : make("time", {}, `${(event.at / 1000).toFixed(3)} µs`));
      const line = make("div", { class: "event", "aria-description": place(event.context) }, make("b", {}, words(event.what)));
      if (event.details) line.append(make("code", {}, event.details));
      line.style.setProperty("--depth", Math.min(depth, 6));
      row.append(...contexts.map((_, at) => at === lane ? line : make("span", { class: "blank" })));
      list.append(row);
      if (["Started", "Enter", "Polled"].includes(event.what)) depth += 1;
      depths.set(event.context, depth);
    }
    const scroll = make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "History" }, head, list);
    scroll.style.setProperty("--lanes", Math.max(1, contexts.length));
    return scroll;
  };

  const what = (cell) => {
    const situations = count(cell.exercised, "situation");
    const programs = count(cell.programs, "program");
    switch (cell.verdict) {
      case "holds": return cell.exercised === 0
        ? "It was not broken, but the program that was given says nothing about it."
        : `It was kept in all of the ${situations} that came up, in ${programs}.`;
      case "vacuous": return `In ${programs} it never applied, so nothing was shown.`;
      case "lacks": return `The implementation leaves this out: ${cell.why}`;
      case "unjudged": return `The kit does not judge this: ${cell.why}`;
      case "known": return `${cell.why}. That is known: ${cell.known}.`;
      default: return cell.why;
    }
  };

  const checks = (cell, rule) => {
    if (cell.verdict === "vacuous") {
      return ["If it is vacuous, check …", [
        "that more programs were played: anyloop check --programs 100000",
        "that the subject does not refuse, or never gets to, what the rule is about",
      ]];
    }
    const doing = [rule.check].concat(rule.specimens.map((specimen) => `that the implementation is not like the specimen “${specimen.name}”: it ${specimen.what}`));
    return [cell.failure ? "As this fails, check …" : "If this fails, check …", doing];
  };

  const fill = (cell) => {
    const rule = rules.get(cell.rule);
    const parts = [make("blockquote", {}, ...prose(rule.text)), make("p", { class: "soft" }, ...prose(rule.intent))];
    const section = (name, ...children) => parts.push(make("h3", {}, name), ...children);
    section(cell.failure ? "What happened" : "What is known", make("p", { class: "what" }, what(cell)));
    if (cell.failure) {
      const failure = cell.failure;
      section("The smallest program that shows it", make("pre", { class: "program" }, failure.program),
        make("p", { class: "soft" }, `From program ${failure.number} of the kind ${failure.kind}: `
          + `${count(failure.steps, "step")} became ${failure.minimal}, in ${count(failure.tries, "try", "tries")}.`));
      section("What was noticed while it was played", timeline(failure.history));
      section("To play it again", make("pre", { class: "wrap replay" }, failure.replay));
    }
    const [heading, list] = checks(cell, rule);
    if (list.length > 0) section(heading, make("ul", {}, ...list.map((line) => make("li", {}, line))));
    section("Where the rule comes from", make("p", {}, rule.ancestors.length > 0
      ? `It descends from asyncio's ${rule.ancestors.join(", ")}. `
      : "It is new: asyncio has no such rule. ", make("code", {}, `anyloop explain ${rule.id}`), " says more."));
    title.replaceChildren(make("code", {}, rule.id), ` ${cell.verdict}`,
      make("small", {}, `${rule.level}, ${cell.subject}`));
    body.replaceChildren(...parts);
  };

  const address = (cell) => `#cell=${encodeURIComponent(cell.subject).replace(/%2F/g, "/").replace(/%2B/g, "+")}/${cell.rule}`;
  // Names can be escaped in more than one way, and an address can be mistyped.
  const addressed = () => {
    try {
      const hash = decodeURIComponent(location.hash);
      return results.cells.findIndex((cell) => hash === `#cell=${cell.subject}/${cell.rule}`);
    } catch {
      return -1;
    }
  };
  const open = (cell) => {
    fill(cell);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    history.replaceState(null, "", address(cell));
  };
  const openAddressed = () => {
    const cell = addressed();
    if (cell < 0) return;
    // So that closing it leads back there.
    buttons.find((button) => Number(button.dataset.cell) === cell)?.focus();
    open(results.cells[cell]);
  };

  for (const button of buttons) button.addEventListener("click", () => open(results.cells[button.dataset.cell]));
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  document.getElementById("loud").addEventListener("change", (event) => document.body.classList.toggle("loud", event.target.checked));

  // Arrows move from cell to cell, over what is not shown.
  document.querySelector("table").addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = event.target.closest("td");
    if (!move || !at || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const rows = [...document.querySelectorAll("tbody tr:not(.family)")].filter((row) => row.offsetParent !== null);
    let [row, column] = [rows.indexOf(at.parentElement) + move[0], at.cellIndex + move[1]];
    let next = null;
    while (rows[row]?.cells[column] && !(next = rows[row].cells[column].querySelector("button"))) [row, column] = [row + move[0], column + move[1]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  window.addEventListener("hashchange", openAddressed);
  openAddressed();
})();
