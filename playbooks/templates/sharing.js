// Copyright (c) 2026, tfe.admin contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

"use strict";

// The data: the names of all organizations; the producers, each a list of its name, whether it shares its modules with
// everybody, the names of their consumers, and the same two of its providers; and, where an earlier table was given, its
// name, and what came and what went since, each a list of kind, producer and consumer, which is blank for everybody.
// From here on an organization is known by its index in the sorted list of all names.
const data = JSON.parse(document.getElementById("data").textContent);
const order = new Intl.Collator("en", { numeric: true }).compare;
const shared = data.producers.flatMap(([name, , moduleUsers, , providerUsers]) => [name, ...moduleUsers, ...providerUsers]);
const names = [...new Set([...data.organizations, ...shared])].sort(order);
const all = [...names.keys()];
const index = new Map(names.map((name, organization) => [name, organization]));
const sought = names.map((name) => name.toLowerCase());
const ascending = (organizations) => organizations.sort((a, b) => a - b);

// Stands for everybody who is on no list and has no column for that reason.
const OTHERS = names.length;

// Who shares one kind with whom; isGlobal and users are where the data has this kind.
function sharing(kind, isGlobal, users) {
  const everybody = new Set(data.producers.filter((entry) => entry[isGlobal]).map(([name]) => index.get(name)));
  const lists = names.map(() => new Set());
  const usedBy = names.map((_, consumer) => [...everybody].filter((producer) => producer !== consumer));
  for (const entry of data.producers) {
    const producer = index.get(entry[0]);
    for (const consumer of entry[users].map((name) => index.get(name))) {
      lists[producer].add(consumer);
      usedBy[consumer].push(producer);
    }
  }
  usedBy.forEach(ascending);
  const producers = all.filter((organization) => everybody.has(organization) || lists[organization].size);
  const listed = new Set(lists.flatMap((consumers) => [...consumers]));
  const ofKind = (changes) => (changes ?? []).filter(([changed]) => changed === kind).map(([, ...names]) => names);
  const [came, went] = [ofKind(data.came), ofKind(data.went)];
  const isNew = new Set(came.map((names) => JSON.stringify(names)));
  const changed = [...came, ...went].flat().map((name) => index.get(name)).filter((organization) => organization >= 0);
  // What a click on a figure shows.
  const groups = {
    all,
    producers,
    everybody: ascending([...everybody]),
    consumers: all.filter((organization) => usedBy[organization].length),
    changed: ascending([...new Set(changed)]),
  };
  const partnerships = lists.reduce((sum, consumers) => sum + consumers.size, 0);
  return { everybody, lists, usedBy, producers, listed, came, went, isNew, groups, partnerships };
}
const KINDS = { modules: sharing("modules", 1, 2), providers: sharing("providers", 3, 4) };

// The kind that the page is about now.
let kind;
let everybody, lists, usedBy, producers, listed, came, went, isNew, groups;
const mayUse = (consumer, producer) => consumer !== producer && (everybody.has(producer) || lists[producer].has(consumer));
const isNewFor = (consumer, producer) => isNew.has(JSON.stringify([names[producer], consumer === OTHERS ? "" : names[consumer]]));

const $ = (id) => document.getElementById(id);
const element = (tag, text = "", properties = {}) => Object.assign(document.createElement(tag), { textContent: text }, properties);
const number = new Intl.NumberFormat("en").format;
const plural = (value, noun) => `${noun}${value === 1 ? "" : "s"}`;
const count = (value, noun) => `${number(value)} ${plural(value, noun)}`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);

let chosen = -1;
let group = "all";
let matches = [];
let isMatch = () => false;
let rows = [];
let columns = [];

// The figures, which are buttons: each shows the organizations that it counts.

const FIGURES = {
  all: (value) => plural(value, "organization"),
  producers: (value) => plural(value, "producer"),
  everybody: (value) => `${value === 1 ? "shares" : "share"} with everybody`,
  consumers: (value) => plural(value, "consumer"),
};

function drawFigures() {
  const figure = (name, ...content) => {
    const button = element("button", "", { type: "button" });
    button.append(...content);
    button.dataset.group = name;
    button.setAttribute("aria-pressed", name === group);
    return button;
  };
  const value = (number_) => element("b", number(number_));
  const { partnerships } = KINDS[kind];
  const counts = element("span");
  counts.append(value(partnerships), ` ${plural(partnerships, "partnership")}`);
  const figures = Object.entries(FIGURES).map(([name, words]) => figure(name, value(groups[name].length), ` ${words(groups[name].length)}`));
  const changes = data.came ? [figure("changed", value(came.length), " came, ", value(went.length), " went")] : [];
  $("figures").replaceChildren(...figures, ...changes, counts);
}

function pick(name) {
  group = name;
  for (const button of $("figures").querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.group === group);
  $("matrix").hidden = group === "changed";
  $("changes").hidden = group !== "changed";
  search();
}

// The list of organizations.

const options = names.map((name, organization) => {
  const option = element("div", "", { tabIndex: -1, title: name });
  option.append(element("b", name), element("span"));
  option.dataset.organization = organization;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  return option;
});

function search() {
  const term = $("search").value.trim().toLowerCase();
  // The exact name first, then those that start with the text.
  const rank = (organization) => (sought[organization] === term ? 0 : sought[organization].startsWith(term) ? 1 : 2);
  matches = groups[group].filter((organization) => sought[organization].includes(term)).sort((a, b) => rank(a) - rank(b));
  const matched = new Set(matches);
  isMatch = (organization) => Boolean(term) && matched.has(organization);
  $("organizations").replaceChildren(...matches.map((organization) => options[organization]));
  $("organizations").hidden = !matches.length;
  enterListAt(matched.has(chosen) ? chosen : matches[0]);
  const total = group === "changed" ? `${count(groups.changed.length, "organization")} concerned` : `${number(groups[group].length)} ${FIGURES[group](groups[group].length)}`;
  $("found").textContent = term ? `${number(matches.length)} of ${total}` : total;
  const hasMatch = (organizations) => organizations.some((organization) => matched.has(organization));
  const users = (producer) => (everybody.has(producer) ? matches : [...lists[producer]]);
  rows = (group === "everybody" ? groups.everybody : producers).filter((producer) => matched.has(producer) || hasMatch(users(producer)));
  columns = all.filter((organization) => (listed.has(organization)
    ? matched.has(organization) || hasMatch(usedBy[organization])
    : isMatch(organization) && usedBy[organization].length));
  if (!term && others()) columns.push(OTHERS);
  view.scrollTo(0, 0);
  if (group === "changed") drawChanges(term);
  else draw();
}

// How many are on no list and may use something all the same.
function others() {
  return groups.consumers.filter((organization) => !listed.has(organization)).length;
}

// The tab key enters the list at one option; the arrow keys go on from there.
function enterListAt(organization) {
  for (const option of document.querySelectorAll("#organizations [tabindex='0']")) option.tabIndex = -1;
  if (organization !== undefined) options[organization].tabIndex = 0;
}

function focusOption(organization) {
  if (organization === undefined) return;
  enterListAt(organization);
  options[organization].focus();
}

// The matrix. Only the cells in sight, and some around them, are in the document.

const view = $("view");
const table = view.querySelector("table");
const AROUND = 6;
let cellSize, headWidth, headHeight;
let room = 0;
let drawn = { top: 0, bottom: 0, left: 0, right: 0 };

const nameOf = (organization) => names[organization] ?? (listed.size ? "all others" : "everybody");

function widest(organizations) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(0, ...organizations.map((organization) => pen.measureText(nameOf(organization)).width));
}

function measure() {
  const across = [...listed, ...(others() ? [OTHERS] : [])];
  const most = Math.max(producers.length, across.length);
  let mark;
  // One pixel of a cell is its border. What is left, and the mark in it, are even, so that the mark is in the middle.
  [cellSize, mark] = most <= 6 ? [57, 26] : most <= 12 ? [41, 20] : most <= 60 ? [27, 14] : [21, 10];
  headWidth = Math.min(280, Math.max(120, Math.ceil(widest(producers)) + (everybody.size ? 90 : 32)));
  headHeight = Math.min(200, Math.max(60, Math.ceil(widest(across)) + 20));
  // With two borders and a scroll bar. It only grows, so that nothing moves when the kind is switched.
  room = Math.max(room, headWidth + across.length * cellSize + 18);
  document.body.style.setProperty("--room", `${room}px`);
  table.style.setProperty("--cell", `${cellSize}px`);
  table.style.setProperty("--mark", `${mark}px`);
}

function inSight() {
  const range = (start, size, length) => [
    Math.max(0, Math.floor(start / cellSize) - AROUND),
    Math.min(length, Math.ceil((start + size) / cellSize) + AROUND),
  ];
  const [top, bottom] = range(view.scrollTop, view.clientHeight, rows.length);
  const [left, right] = range(view.scrollLeft, view.clientWidth, columns.length);
  return { top, bottom, left, right };
}

function scrolled() {
  const { top, bottom, left, right } = inSight();
  const near = AROUND / 2;
  const isDrawn = (from, to, drawnFrom, drawnTo, length) =>
    drawnFrom <= Math.max(0, from + near) && drawnTo >= Math.min(length, to - near);
  if (!isDrawn(top, bottom, drawn.top, drawn.bottom, rows.length)
    || !isDrawn(left, right, drawn.left, drawn.right, columns.length)) draw();
  else tellSight();
}

// Says what part of the matrix is in sight, where it goes on.
function tellSight() {
  const part = (noun, start, size, length) => {
    const first = Math.round(start / cellSize) + 1;
    const last = Math.min(length, Math.max(first, Math.floor((start + size) / cellSize)));
    return last - first + 1 < length ? `${noun} ${number(first)} to ${number(last)} of ${number(length)}` : "";
  };
  const across = part("columns", view.scrollLeft, view.clientWidth - headWidth, columns.length);
  const down = part("rows", view.scrollTop, view.clientHeight - headHeight, rows.length);
  const text = [across, down].filter(Boolean).join(", ");
  $("sight").hidden = !text;
  $("sight").textContent = text && `${capital(text)} are in sight. Scroll for the others.`;
  const isMore = across && view.scrollLeft + view.clientWidth < view.scrollWidth - 1;
  $("matrix").classList.toggle("more", Boolean(isMore));
}

function draw() {
  const isEmpty = !rows.length || !columns.length;
  view.hidden = isEmpty;
  $("nothing").hidden = !isEmpty;
  $("nothing").textContent = nothing();
  if (isEmpty) {
    $("sight").hidden = true;
    $("matrix").classList.remove("more");
    return;
  }
  drawn = inSight();
  const { top, bottom, left, right } = drawn;
  const across = columns.slice(left, right);
  table.style.width = `${headWidth + columns.length * cellSize}px`;
  table.setAttribute("aria-rowcount", rows.length + 1);
  table.setAttribute("aria-colcount", columns.length + 1);
  const head = element("tr");
  head.setAttribute("aria-rowindex", 1);
  head.append(element("td", "", { className: "corner" }), gap("width", left), ...across.map(columnHead), gap("width", columns.length - right));
  head.firstChild.style.width = `${headWidth}px`;
  head.style.height = `${headHeight}px`;
  table.tHead.replaceChildren(head);
  const down = rows.slice(top, bottom).map((producer, offset) => row(producer, top + offset, across));
  table.tBodies[0].replaceChildren(gapRow(top), ...down, gapRow(rows.length - bottom));
  tellSight();
}

function nothing() {
  if (!producers.length) return `No organization shares its ${kind}.`;
  if (!groups[group].length) return `No organization shares its ${kind} with everybody.`;
  return "No organization has this text in its name.";
}

function gap(side, cells) {
  const blank = element("td", "", { className: "blank" });
  blank.style[side] = `${cells * cellSize}px`;
  blank.setAttribute("aria-hidden", "true");
  return blank;
}

function gapRow(cells) {
  const blank = element("tr", "", { className: "blank" });
  blank.append(gap("height", cells));
  blank.setAttribute("aria-hidden", "true");
  return blank;
}

function headOf(organization, scope) {
  const kinds = [organization === chosen && "chosen", isMatch(organization) && "match", organization === OTHERS && "others"];
  const head = element("th", "", { scope, title: nameOf(organization), className: kinds.filter(Boolean).join(" ") });
  if (organization !== OTHERS) head.dataset.organization = organization;
  return head;
}

function columnHead(consumer, offset) {
  const head = headOf(consumer, "col");
  head.append(element("span", nameOf(consumer)));
  head.setAttribute("aria-colindex", drawn.left + offset + 2);
  head.style.width = `${cellSize}px`;
  return head;
}

function row(producer, position, across) {
  const line = element("tr", "", { className: everybody.has(producer) ? "global" : "" });
  line.setAttribute("aria-rowindex", position + 2);
  line.style.height = `${cellSize}px`;
  const head = headOf(producer, "row");
  head.append(names[producer]);
  if (everybody.has(producer)) head.append(" ", element("em", "everybody"));
  const cells = across.map((consumer, offset) => {
    const may = mayUse(consumer, producer);
    const kinds = [
      may && "may",
      may && isNewFor(consumer, producer) && "new",
      consumer === producer && "self",
      (consumer === chosen || producer === chosen) && "chosen",
    ];
    const cell = element("td", may ? "yes" : "", { className: kinds.filter(Boolean).join(" ") });
    cell.setAttribute("aria-colindex", drawn.left + offset + 2);
    return cell;
  });
  line.append(head, gap("width", drawn.left), ...cells, gap("width", columns.length - drawn.right));
  return line;
}

function pointAt(cell) {
  for (const head of table.querySelectorAll(".hot")) head.classList.remove("hot");
  const [producer, consumer] = organizationsOf(cell);
  if (consumer === undefined) return;
  table.tHead.rows[0].cells[cell.cellIndex].classList.add("hot");
  const verb = mayUse(consumer, producer) ? "may use" : "may not use";
  cell.title = producer === consumer ? names[producer] : `${nameOf(consumer)} ${verb} the ${kind} of ${names[producer]}`;
}

// A row starts with its name and a gap.
function organizationsOf(cell) {
  const head = cell?.parentElement.cells[0].dataset.organization;
  return head === undefined ? [] : [Number(head), columns[drawn.left + cell.cellIndex - 2]];
}

function reveal(organization) {
  const towards = (position, start, size, head) => {
    const at = position * cellSize;
    return position < 0 || (at >= start && at + cellSize <= start + size - head) ? start : at - (size - head) / 2;
  };
  view.scrollTo(
    towards(columns.indexOf(organization), view.scrollLeft, view.clientWidth, headWidth),
    towards(rows.indexOf(organization), view.scrollTop, view.clientHeight, headHeight),
  );
}

// What came and what went since the earlier table.

function drawChanges(term) {
  const item = ([producer, consumer]) => {
    const line = element("li");
    line.append(link(producer), ": ", consumer ? link(consumer) : element("em", "everybody"));
    return line;
  };
  const fill = (id, words, changes) => {
    const found = changes.filter((pair) => pair.some((name) => name.toLowerCase().includes(term)));
    $(`${id}-title`).textContent = `${words} (${number(found.length)})`;
    $(id).replaceChildren(...(found.length ? found.map(item) : [element("li", "Nothing.", { className: "note" })]));
  };
  $("changes-title").textContent = `${capital(kind)}, compared with ${data.since} (producer: consumer)`;
  fill("came", "Came: may use it now", came);
  fill("went", "Went: may not use it any more", went);
}

// The details of one organization, in both directions.

function choose(organization) {
  options[chosen]?.setAttribute("aria-selected", "false");
  chosen = organization;
  $("detail").hidden = chosen < 0;
  if (chosen >= 0) {
    options[chosen].setAttribute("aria-selected", "true");
    if (options[chosen].isConnected) {
      enterListAt(chosen);
      options[chosen].scrollIntoView({ block: "nearest" });
    }
    describe();
    reveal(chosen);
  }
  draw();
}

function describe() {
  const name = names[chosen];
  const users = ascending([...lists[chosen]]);
  const used = usedBy[chosen];
  const isGlobal = everybody.has(chosen);
  $("detail-title").textContent = name;
  $("users-title").textContent = `Who may use its ${kind} (${isGlobal ? "everybody" : number(users.length)})`;
  $("used-title").textContent = `Whose ${kind} it may use (${number(used.length)})`;
  const item = (content, ...tags) => {
    const line = element("li");
    line.append(content, ...tags.filter(Boolean).flatMap((tag) => [" ", element("em", tag, { className: tag })]));
    return line;
  };
  const note = (text) => element("li", text, { className: "note" });
  const gone = (text) => item(element("s", text), "no longer");
  const couldUse = ([producer, consumer]) =>
    consumer === name || (!consumer && producer !== name && !used.includes(index.get(producer)));
  const userItems = [
    ...(isGlobal ? [item("Every organization, also those that come later.", isNewFor(OTHERS, chosen) && "new")] : []),
    ...users.map((user) => item(link(names[user]), isNewFor(user, chosen) && "new")),
    ...went.filter(([producer]) => producer === name).map(([, consumer]) => gone(consumer || "Every organization")),
  ];
  const usedItems = [
    ...used.map((producer) => item(
      link(names[producer]),
      everybody.has(producer) && "everybody",
      isNewFor(everybody.has(producer) ? OTHERS : chosen, producer) && "new",
    )),
    ...went.filter(couldUse).map(([producer]) => gone(producer)),
  ];
  $("users").replaceChildren(...(userItems.length ? userItems : [note("Nobody else.")]));
  $("used").replaceChildren(...(usedItems.length ? usedItems : [note("Nobody else's.")]));
  $("detail").scrollTo(0, 0);
  const usedText = `it may use the ${kind} of ${count(used.length, "organization")}`;
  const usersText = isGlobal ? "every organization" : count(users.length, "organization");
  $("said").textContent = `${name}: ${usersText} may use its ${kind}, ${usedText}.`;
}

// An organization that is gone has no details.
function link(name) {
  return index.has(name) ? element("a", name, { href: address(name) }) : name;
}

// The address has the organization that is chosen and the kind, so that it can be sent to somebody.

function address(name) {
  const parts = new URLSearchParams();
  if (name !== undefined) parts.set("org", name);
  if (kind === "providers") parts.set("kind", kind);
  return `#${parts}`;
}

function remember() {
  const wanted = address(names[chosen]);
  if ((location.hash || "#") !== wanted) history.pushState(null, "", wanted);
}

function follow() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const name = parts.get("org") ?? "";
  const organization = index.get(name) ?? sought.indexOf(name.toLowerCase());
  const input = document.querySelector(`[name='kind'][value='${parts.get("kind") === "providers" ? "providers" : "modules"}']`);
  input.checked = true;
  if (name && organization < 0) $("search").value = name;
  show(input.value);
  choose(organization);
}

// Makes the page about one kind.
function show(chosenKind) {
  kind = chosenKind;
  ({ everybody, lists, usedBy, producers, listed, came, went, isNew, groups } = KINDS[kind]);
  options.forEach((option, organization) => {
    const shares = everybody.has(organization) ? "everybody" : lists[organization].size && number(lists[organization].size);
    option.lastChild.textContent = `${shares ? `shares with ${shares}, ` : ""}may use ${number(usedBy[organization].length)}`;
  });
  $("matrix-title").textContent = `${capital(kind)}: producers down, consumers across`;
  drawFigures();
  measure();
  search();
  if (chosen >= 0) choose(chosen);
}

// On paper: a list for each producer, of both kinds.

function writePaper() {
  // The names with something between them; a span keeps a name in one piece.
  const join = (texts, between = ", ") => texts.flatMap((text, position) => [position ? between : "", element("span", text)]);
  const paragraph = (words, texts, between) => {
    const line = element("p", `${words} (${number(texts.length)}): `);
    line.append(...(texts.length ? join(texts, between) : ["none"]), ".");
    return line;
  };
  const line = (tag, ...cells) => {
    const row = element("tr");
    for (const content of cells) {
      const cell = element(tag);
      cell.append(...content);
      row.append(cell);
    }
    return row;
  };
  const nameAll = (organizations) => organizations.map((organization) => names[organization]);
  const section = ([kind, { everybody, lists, producers, listed, groups, partnerships, came, went }]) => {
    const counts = [
      ...Object.entries(FIGURES).map(([name, words]) => `${number(groups[name].length)} ${words(groups[name].length)}`),
      count(partnerships, "partnership"),
    ];
    const part = element("section");
    part.append(element("h2", capital(kind)), element("p", `${counts.join(", ")}.`));
    for (const [words, changes] of data.came ? [["Came", came], ["Went", went]] : []) {
      part.append(paragraph(words, changes.map(([producer, consumer]) => `${producer}: ${consumer || "everybody"}`), "; "));
    }
    if (producers.length) {
      const [table, head, body] = ["table", "thead", "tbody"].map((tag) => element(tag));
      head.append(line("th", ["Producer"], [`Who may use its ${kind}`]));
      body.append(...producers.map((producer) => line(
        "td",
        join([names[producer]]),
        everybody.has(producer) ? ["every organization"] : join(nameAll(ascending([...lists[producer]]))),
      )));
      table.append(head, body);
      part.append(table);
    }
    const idle = all.filter((organization) => !listed.has(organization) && !producers.includes(organization));
    if (idle.length) part.append(paragraph("Share nothing and are on no list", nameAll(idle)));
    if (idle.length && everybody.size) part.append(paragraph("What these may use all the same", nameAll(groups.everybody)));
    return part;
  };
  $("paper").replaceChildren(...Object.entries(KINDS).map(section));
}

// What the user does.

function go(organization) {
  choose(organization);
  remember();
}

for (const input of document.querySelectorAll("[name='kind']")) {
  input.addEventListener("change", () => {
    show(input.value);
    remember();
  });
}
$("figures").addEventListener("click", (event) => {
  const name = event.target.closest("button")?.dataset.group;
  // A second click takes it back.
  if (name) pick(name === group ? "all" : name);
});
$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") focusOption(matches[0]);
  else if (event.key === "Enter" && event.target.value.trim() && matches.length) go(matches[0]);
  else return;
  event.preventDefault();
});
$("organizations").addEventListener("keydown", (event) => {
  const here = Number(event.target.dataset.organization);
  const position = matches.indexOf(here);
  if (event.key === "ArrowDown") focusOption(matches[position + 1]);
  else if (event.key === "ArrowUp") position ? focusOption(matches[position - 1]) : $("search").focus();
  else if (event.key === "Home") focusOption(matches[0]);
  else if (event.key === "End") focusOption(matches.at(-1));
  else if (event.key === "Enter" || event.key === " ") go(here);
  else return;
  event.preventDefault();
});
for (const place of [$("organizations"), table]) {
  place.addEventListener("click", (event) => {
    const target = event.target.closest("[data-organization], td:not(.blank)");
    const organization = target?.dataset.organization ?? organizationsOf(target)[0];
    if (organization !== undefined) go(Number(organization));
  });
}
table.addEventListener("mouseover", (event) => pointAt(event.target.closest("td")));
table.addEventListener("mouseleave", () => pointAt(null));
function close() {
  const last = chosen;
  go(-1);
  if (options[last].isConnected) focusOption(last);
  else $("search").focus();
}
$("close").addEventListener("click", close);
$("detail").addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
view.addEventListener("scroll", () => requestAnimationFrame(scrolled), { passive: true });
new ResizeObserver(scrolled).observe(view);
addEventListener("beforeprint", writePaper);
addEventListener("hashchange", () => {
  follow();
  // The link that was followed is gone.
  if (chosen >= 0) $("detail-title").focus();
});

for (const part of [document.querySelector("fieldset"), $("browse"), $("matrix")]) part.hidden = false;
follow();
