/* Which rows are meant: filters in the address, the list of the queue, a row by its id. */

import { get } from "./api.js";
import { at, element, fill } from "./dom.js";
import { DONE, WHYS } from "./item.js";

const NAMES = ["text", "state", "label", "why", "round"];
const STATES = { decided: "decided", all: "open and decided" };

/** The filters of the address, those that are set alone. */
export function filters() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
}

/** Put filters into the address; the page before it is one step back. */
export function setFilters(chosen) {
  const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value !== ""));
  history.pushState(null, "", query.size ? `/?${query}` : "/");
}

/** Show the filters that are set, each with a button that takes it away. */
export function showChips(changed) {
  const set = filters();
  at("chips").hidden = Object.keys(set).length === 0;
  const chips = Object.entries(set).map(([name, value]) => {
    const remove = element("button", { type: "button", "aria-label": `No filter by ${name}` }, "×");
    remove.addEventListener("click", () => {
      const { [name]: _, ...rest } = set;
      setFilters(rest);
      changed();
    });
    return element("li", {}, `${name}: `, element("bdi", {}, told(name, value)), remove);
  });
  fill(at("chips"), ...chips);
}

/** Offer the labels of the queue in the filter; `labels` as progress has them. */
export function offerLabels(labels) {
  const select = at("filter-form").elements.label;
  if (select.options.length > 1) return;
  for (const { label, done, total } of labels) {
    if (label !== null) select.append(element("option", { value: label }, `${label} (${done}/${total})`));
  }
}

/** The filter dialog; `changed` is called when other rows are meant. */
export function prepareFilter(changed) {
  const dialog = at("filter");
  const form = at("filter-form");
  for (const [why, words] of Object.entries(WHYS)) form.elements.why.append(element("option", { value: why }, words));
  dialog.addEventListener("close", () => {
    const answer = dialog.returnValue;
    if (answer === "clear") form.reset();
    if (answer !== "set" && answer !== "clear") return;
    setFilters(answer === "clear" ? {} : Object.fromEntries(new FormData(form)));
    changed();
  });
  return () => {
    form.reset();
    for (const [name, value] of Object.entries(filters())) form.elements[name].value = value;
    dialog.returnValue = "";
    dialog.showModal();
    form.elements.text.focus();
  };
}

/** The dialog that asks for an id; `open` is called with it. */
export function prepareGoto(open) {
  const dialog = at("goto");
  const form = at("goto-form");
  dialog.addEventListener("close", () => {
    const id = form.elements.id.value.trim();
    if (dialog.returnValue === "go" && id) open(id);
  });
  return () => {
    form.reset();
    dialog.returnValue = "";
    dialog.showModal();
  };
}

/** The list of the queue; `open` is called with the id of a row, `attempt` with what may fail. */
export function prepareList(open, attempt) {
  const dialog = at("list");
  const lines = at("lines");
  const more = at("more");
  const load = async () => {
    const { status, data } = await get("/api/list", { ...filters(), start: String(lines.children.length) });
    if (status !== 200) throw new Error(data.error.message);
    lines.append(...data.lines.map(line));
    more.hidden = data.lines.length === 0;
    if (!lines.children.length) fill(lines, element("li", { class: "muted" }, "Nothing fits the filters."));
  };
  lines.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    dialog.close();
    open(button.value);
  });
  more.addEventListener("click", () => attempt(load));
  return () =>
    attempt(async () => {
      fill(lines);
      await load();
      dialog.showModal();
      lines.querySelector("button")?.focus();
    });
}

function line(row) {
  const marks = [row.label, row.action ? DONE[row.action] : "open"].filter(Boolean);
  return element(
    "li",
    {},
    element(
      "button",
      { type: "button", value: row.id, class: "quiet" },
      element("span", { class: "place" }, String(row.position + 1)),
      element("bdi", { class: "words" }, row.text),
      element("span", { class: "muted" }, marks.join(" · ")),
    ),
  );
}

function told(name, value) {
  if (name === "why") return WHYS[value] ?? value;
  return name === "state" ? (STATES[value] ?? value) : value;
}
