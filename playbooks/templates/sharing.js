// Copyright (c) 2026, tfe.admin contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

"use strict";

// The data is a list of organizations, each a list of its name, whether it shares its modules with everybody, the names of
// their consumers, and the same two of its providers.
// From here on an organization is known by its index in the sorted list of all names.
const data = JSON.parse(document.getElementById("data").textContent);
const order = new Intl.Collator("en", { numeric: true }).compare;
const named = data.flatMap(([name, , moduleUsers, , providerUsers]) => [name, ...moduleUsers, ...providerUsers]);
const names = [...new Set(named)].sort(order);
const index = new Map(names.map((name, organization) => [name, organization]));
const sought = names.map((name) => name.toLowerCase());
const ascending = (organizations) => organizations.sort((a, b) => a - b);

// Who shares one kind with whom; isGlobal and users are where the data has this kind.
function sharing(isGlobal, users) {
  const everybody = new Set(data.filter((entry) => entry[isGlobal]).map(([name]) => index.get(name)));
  const lists = names.map(() => new Set());
  const usedBy = names.map((_, consumer) => [...everybody].filter((producer) => producer !== consumer));
  for (const entry of data) {
    const producer = index.get(entry[0]);
    for (const consumer of entry[users].map((name) => index.get(name))) {
      lists[producer].add(consumer);
      usedBy[consumer].push(producer);
    }
  }
  usedBy.forEach(ascending);
  const all = [...names.keys()];
  const producers = all.filter((organization) => everybody.has(organization) || lists[organization].size);
  const consumers = all.filter((organization) => usedBy[organization].length);
  return { everybody, lists, usedBy, producers, consumers };
}
const KINDS = { modules: sharing(1, 2), providers: sharing(3, 4) };

// The kind that the page is about now.
let kind;
let everybody, lists, usedBy, producers, consumers;
const mayUse = (consumer, producer) => consumer !== producer && (everybody.has(producer) || lists[producer].has(consumer));

const $ = (id) => document.getElementById(id);
const element = (tag, text = "", properties = {}) => Object.assign(document.createElement(tag), { textContent: text }, properties);
const number = new Intl.NumberFormat("en").format;
const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

let chosen = -1;
let matches = [];
let isMatch = () => false;
let rows = [];
let columns = [];

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
  matches = [...names.keys()].filter((organization) => sought[organization].includes(term));
  const matched = new Set(matches);
  isMatch = (organization) => Boolean(term) && matched.has(organization);
  options.forEach((option, organization) => { option.hidden = !matched.has(organization); });
  enterListAt(matched.has(chosen) ? chosen : matches[0]);
  const all = count(names.length, "organization");
  $("found").textContent = term ? `${number(matches.length)} of ${all}` : all;
  const hasMatch = (organizations) => organizations.some((organization) => matched.has(organization));
  const users = (producer) => (everybody.has(producer) ? matches : [...lists[producer]]);
  rows = producers.filter((producer) => matched.has(producer) || hasMatch(users(producer)));
  columns = consumers.filter((consumer) => matched.has(consumer) || hasMatch(usedBy[consumer]));
  view.scrollTo(0, 0);
  draw();
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
let drawn = { top: 0, bottom: 0, left: 0, right: 0 };

function widest(organizations) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(0, ...organizations.map((organization) => pen.measureText(names[organization]).width));
}

function measure() {
  const most = Math.max(producers.length, consumers.length);
  cellSize = most <= 12 ? 40 : most <= 60 ? 26 : 20;
  headWidth = Math.min(280, Math.max(120, Math.ceil(widest(producers)) + (everybody.size ? 90 : 32)));
  headHeight = Math.min(200, Math.max(60, Math.ceil(widest(consumers)) + 20));
  table.style.setProperty("--cell", `${cellSize}px`);
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
}

function draw() {
  const isEmpty = !rows.length || !columns.length;
  view.hidden = isEmpty;
  $("nothing").hidden = !isEmpty;
  $("nothing").textContent = nothing();
  if (isEmpty) return;
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
}

function nothing() {
  if (!producers.length) return `No organization shares its ${kind}.`;
  if (!matches.length) return "No organization has this text in its name.";
  return "No consumer is known by its name here.";
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
  const kinds = [organization === chosen && "chosen", isMatch(organization) && "match"];
  const head = element("th", "", { scope, title: names[organization], className: kinds.filter(Boolean).join(" ") });
  head.dataset.organization = organization;
  return head;
}

function columnHead(consumer, offset) {
  const head = headOf(consumer, "col");
  head.append(element("span", names[consumer]));
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
    const kinds = [may && "may", consumer === producer && "self", (consumer === chosen || producer === chosen) && "chosen"];
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
  cell.title = producer === consumer ? names[producer] : `${names[consumer]} ${verb} the ${kind} of ${names[producer]}`;
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

// The details of one organization, in both directions.

function choose(organization) {
  options[chosen]?.setAttribute("aria-selected", "false");
  chosen = organization;
  $("detail").hidden = chosen < 0;
  if (chosen >= 0) {
    options[chosen].setAttribute("aria-selected", "true");
    if (!options[chosen].hidden) {
      enterListAt(chosen);
      options[chosen].scrollIntoView({ block: "nearest" });
    }
    describe();
    reveal(chosen);
  }
  draw();
}

function describe() {
  const users = [...lists[chosen]].sort((a, b) => a - b);
  const used = usedBy[chosen];
  const isGlobal = everybody.has(chosen);
  $("detail-title").textContent = names[chosen];
  $("users-title").textContent = `Who may use its ${kind} (${isGlobal ? "everybody" : number(users.length)})`;
  $("used-title").textContent = `Whose ${kind} it may use (${number(used.length)})`;
  const note = (text, className = "note") => element("li", text, { className });
  $("users").replaceChildren(...(isGlobal
    ? [note("Every organization, also those that this report does not name.", "note global")]
    : users.length ? users.map(link) : [note("Nobody else.")]));
  $("used").replaceChildren(...(used.length ? used.map(link) : [note("Nobody else's.")]));
  $("detail").scrollTo(0, 0);
  const usedText = `it may use the ${kind} of ${count(used.length, "organization")}`;
  const usersText = isGlobal ? "every organization" : count(users.length, "organization");
  $("said").textContent = `${names[chosen]}: ${usersText} may use its ${kind}, ${usedText}.`;
}

function link(organization) {
  const item = element("li");
  const button = element("button", names[organization], { type: "button" });
  if (everybody.has(organization)) button.append(" ", element("em", "everybody"));
  button.dataset.organization = organization;
  item.append(button);
  return item;
}

// Makes the page about one kind.
function show(chosenKind) {
  kind = chosenKind;
  ({ everybody, lists, usedBy, producers, consumers } = KINDS[kind]);
  options.forEach((option, organization) => {
    const shares = everybody.has(organization) ? "everybody" : number(lists[organization].size);
    option.lastChild.textContent = `shares with ${shares}, uses ${number(usedBy[organization].length)}`;
  });
  $("matrix-title").textContent = `${kind === "modules" ? "Modules" : "Providers"}: producers down, consumers across`;
  measure();
  search();
  if (chosen >= 0) choose(chosen);
}

// What the user does.

for (const input of document.querySelectorAll("[name='kind']")) {
  input.addEventListener("change", () => show(input.value));
}
$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") focusOption(matches[0]);
  else if (event.key === "Enter" && event.target.value.trim() && matches.length) choose(matches[0]);
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
  else if (event.key === "Enter" || event.key === " ") choose(here);
  else return;
  event.preventDefault();
});
for (const place of [$("organizations"), table, $("detail")]) {
  place.addEventListener("click", (event) => {
    const target = event.target.closest("[data-organization], td:not(.blank)");
    const organization = target?.dataset.organization ?? organizationsOf(target)[0];
    if (organization === undefined) return;
    choose(Number(organization));
    // The button that was pressed is gone.
    if (place === $("detail")) $("detail-title").focus();
  });
}
table.addEventListener("mouseover", (event) => pointAt(event.target.closest("td")));
table.addEventListener("mouseleave", () => pointAt(null));
function close() {
  const last = chosen;
  choose(-1);
  if (options[last].hidden) $("search").focus();
  else focusOption(last);
}
$("close").addEventListener("click", close);
$("detail").addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
view.addEventListener("scroll", () => requestAnimationFrame(scrolled), { passive: true });
new ResizeObserver(scrolled).observe(view);

$("organizations").append(...options);
$("browse").hidden = $("matrix").hidden = false;
show("modules");
