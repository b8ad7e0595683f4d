/* Which rows are meant: filters in the address, the list of the queue, a row by its id. */

import { get } from "./api.js";
import { at, element, fill, told } from "./dom.js";
import { DONE, WHYS } from "./item.js";

const NAMES = ["text", "state", "label", "why", "round", "where"];
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

/** Take all filters away. */
export function clearFilters(changed) {
  setFilters({});
  changed();
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
    return element("li", {}, `${name}: `, element("bdi", {}, named(name, value)), remove);
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

/** The filter dialog; `changed` is called when other rows are meant. Filters that mean nothing stay in
    it, with what is wrong; `attempt` is what runs a call of the server. */
export function prepareFilter(changed, attempt) {
  const dialog = at("filter");
  const form = at("filter-form");
  const { where } = form.elements;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "set") return;
    event.preventDefault();
    attempt(async () => {
      const { status, data } = await get("/api/progress", Object.fromEntries(new FormData(form)));
      if (status === 200) dialog.close("set");
      else pointAt(where, data.error.message);
    });
  });
  where.addEventListener("input", () => pointAt(where, ""));
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
    pointAt(where, "");
    for (const [name, value] of Object.entries(filters())) form.elements[name].value = value;
    attempt(() => offerFields(where));
    dialog.returnValue = "";
    dialog.showModal();
    form.elements.text.focus();
  };
}

/** Tell what is wrong with an expression, with the caret of the field where it is; "" takes it away. */
function pointAt(where, message) {
  const fault = at("where-fault");
  fill(fault, message ? told(message) : null);
  fault.hidden = message === "";
  where.setAttribute("aria-invalid", String(message !== ""));
  const column = /\(column (\d+)/.exec(message);
  if (!column) return;
  where.focus();
  where.setSelectionRange(column[1] - 1, column[1] - 1);
}

/** List what rows can be chosen by, each with what there is of it; a name is put into the expression. */
async function offerFields(where) {
  const { status, data } = await get("/api/fields");
  if (status !== 200) return;
  const lines = data.fields.map(({ name, kind, low, high, values }) => {
    const button = element("button", { type: "button", class: "quiet" }, name);
    button.addEventListener("click", () => {
      const before = where.value.trim();
      where.value = `${before}${before ? " and " : ""}${name}${kind === "number" ? "<" : "="}`;
      where.focus();
    });
    const ends = low === null ? "" : low === high ? number(low) : `${number(low)} to ${number(high)}`;
    return element("li", {}, button, element("span", { class: "muted" }, [ends, ...values].filter(Boolean).join(", ")));
  });
  fill(at("fields"), ...lines);
}

const number = (value) => String(Number(value.toPrecision(3)));

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

function named(name, value) {
  if (name === "why") return WHYS[value] ?? value;
  return name === "state" ? (STATES[value] ?? value) : value;
}
