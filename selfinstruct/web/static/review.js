/* The review page: one row at a time. A decision is stored before the next row shows; one that the
   server has not confirmed stays here, under its own id, and is sent again as it is. */

import { get, takeToken } from "./api.js";
import { looked, restart } from "./clock.js";
import { at, fill } from "./dom.js";
import { editorFault, openEditor } from "./editor.js";
import { showFigures } from "./figures.js";
import { DONE, showItem, turnsOf } from "./item.js";
import { listen, switchKeys } from "./keys.js";
import { clearFilters, filters, offerLabels, prepareFilter, prepareGoto, prepareList, showChips } from "./queue.js";
import { attempt, busy, deliver, prepareSending, refuse, say, send, warn } from "./sender.js";

const PAUSE = 300; // milliseconds without a decision until the figures are counted again

const tabs = new BroadcastChannel("selfinstruct");
const note = at("note");
let shown = null; // the item on the page
let total = 0;
let before = []; // ids of rows shown earlier
let editing = false;
let counting = null;

// -- showing --------------------------------------------------------------------------------------

function show(item, said, isBack = false) {
  if (shown && !isBack && !shown.again && item?.id !== shown.id) before.push(shown.id);
  editing = false;
  shown = item;
  note.value = item?.standing?.note ?? "";
  at("item").hidden = item === null;
  at("done").hidden = item !== null;
  mode(false);
  restart();
  if (item === null) {
    fill(at("done-title"), document.createTextNode("Nothing is open here"));
    at("done-text").textContent = Object.keys(filters()).length
      ? "No open row fits the filters. Clear them, or list what is decided."
      : "Every row of the queue is decided. Undo takes back the latest decision.";
  } else {
    showItem(item, total);
  }
  document.body.dataset.item = item?.id ?? "";
  enable();
  say(said ?? "");
  if (!at("actions").contains(document.activeElement)) at(item ? "title" : "done-title").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function enable() {
  at("actions").hidden = editing || !at("reasons").hidden;
  for (const button of document.querySelectorAll("#actions button")) {
    // Not `disabled`: the button that was pressed would lose the focus.
    button.setAttribute("aria-disabled", String(busy || (shown === null && button.id !== "undo")));
  }
}

function mode(choosing) {
  at("reasons").hidden = !choosing;
  enable();
  if (choosing) at("reasons").querySelector("button").focus();
}

/** Count anew; what the server answered. */
async function refresh() {
  const { status, data } = await get("/api/progress", filters());
  if (status !== 200) return { status, data };
  total = Object.keys(filters()).length ? 0 : data.progress.total;
  showFigures(data.progress);
  offerLabels(data.progress.by_label);
  return { status, data };
}

/** Count again once no key has decided for a moment: the next decision does not wait for it. */
function soon() {
  clearTimeout(counting);
  counting = setTimeout(() => attempt(refresh), PAUSE);
}

// -- asking ---------------------------------------------------------------------------------------

function refused(answer) {
  if (editing && answer.status === 422) return editorFault(answer.data.error.message);
  refuse(answer, start);
}

/** What is wrong with the filters of the address, such as those of a bookmark. */
function mistaken(answer) {
  if (answer.status !== 404 || !Object.keys(filters()).length) return refused(answer);
  warn(answer.data.error.message, ["Change the filter", () => openFilter()], ["Clear it", () => clearFilters(refilter)]);
}

const next = (after, more = {}) =>
  attempt(async () => {
    const answer = await get("/api/next", { ...filters(), after: String(after), ...more });
    if (answer.status !== 200) return mistaken(answer);
    warn("");
    show(answer.data.item);
  });

const open = (id, said, isBack = false) =>
  attempt(async () => {
    const answer = await get("/api/item", { id });
    if (answer.status !== 200) return refused(answer);
    show(answer.data.item, said, isBack);
  });

function back() {
  const id = before.pop();
  return id ? open(id, "", true) : say("No row was shown before this one.");
}

// -- deciding -------------------------------------------------------------------------------------

function decide(action, more = {}) {
  if (busy || !shown || (editing && action !== "edit")) return;
  const decision = {
    id: crypto.randomUUID(),
    item: shown.id,
    item_hash: shown.hash,
    action,
    note: note.value,
    ms: looked(),
    ...more,
  };
  if (shown.again) decision.again = shown.again; // a second look, which the page does not tell from a first
  const seen = shown.standing?.id ?? shown.again ?? null;
  return send("/api/decide", { decision, seen, filters: filters(), after: shown.position });
}

const undo = () =>
  busy || editing ? undefined : send("/api/undo", { id: crypto.randomUUID(), after: place() });

/** The position that what is shown comes after. */
const place = () => (shown === null ? -1 : shown.again ? shown.position : shown.position - 1);

function settle(path, body, answer) {
  const { status, data } = answer;
  if (status === 409) return conflict(body.decision.item, data.error);
  if (data.refused) return unfit(data.refused);
  if (status !== 200) return refused(answer);
  warn("");
  if (path === "/api/undo") {
    if (!data.item) return say("There is nothing to undo.");
    show(data.item, "Undone.");
    tabs.postMessage(data.item.id);
  } else {
    const { action, item } = body.decision;
    show(data.item, `${DONE[action][0].toUpperCase()}${DONE[action].slice(1)}.${data.item ? ` Row ${data.item.row}.` : ""}`);
    tabs.postMessage(item);
  }
  soon();
}

async function conflict(item, error) {
  await open(item);
  warn(`Nothing was stored: ${error.message}. Here it is as it is now.`, ["Understood", () => warn("")]);
}

function unfit({ reason, value, limit }) {
  const measured = value === null ? "" : ` ${Number(value) ? Number(value).toPrecision(3) : value}`;
  const words = `The filters do not let this text pass: ${reason.replaceAll("_", " ")}${measured}${limit === null ? "" : ` (limit ${limit})`}. Nothing was stored.`;
  if (editing) editorFault(words);
  else warn(words, ["Understood", () => warn("")]);
}

// -- modes ----------------------------------------------------------------------------------------

function edit() {
  if (busy || editing || !shown) return;
  editing = true;
  enable();
  openEditor(shown.standing?.edited ?? shown.example, (edited) => decide("edit", { edited }), leaveEditor);
}

function leaveEditor() {
  editing = false;
  fill(at("conversation"), ...turnsOf(shown.example));
  enable();
  at("title").focus({ preventScroll: true });
}

function choose(number) {
  const button = at("reasons").querySelectorAll("[data-reason]")[number - 1];
  if (at("reasons").hidden || !button) return;
  mode(false);
  decide("reject", { reason: button.dataset.reason });
}

function leaveReasons() {
  if (at("reasons").hidden) return;
  mode(false);
  at("title").focus({ preventScroll: true });
}

const reject = () => !busy && !editing && shown && mode(true);

/** `action`, but not while words are edited or a reason is chosen. */
const free = (action) => () => !editing && at("reasons").hidden && action();

// -- starting -------------------------------------------------------------------------------------

const start = () =>
  attempt(async () => {
    const answer = await get("/api/start");
    if (answer.status !== 200) return refused(answer);
    warn("");
    const { run, dashboard, pairs } = answer.data;
    document.title = `${run}: review`;
    at("run").textContent = run;
    at("home").href = dashboard;
    for (const each of document.querySelectorAll(".of-pairs")) each.hidden = !pairs;
    await changed();
    await deliver();
  });

async function changed() {
  before = [];
  showChips(refilter);
  const answer = await refresh();
  if (answer.status !== 200) return mistaken(answer);
  warn("");
  if (filters().state === "decided") show(null);
  else await next(-1);
  if (filters().state) await list();
}

function wire() {
  const goto = prepareGoto(open);
  const help = () => at("help").showModal();
  const actions = {
    accept: free(() => decide("accept")),
    edit: free(edit),
    reject: free(reject),
    skip: free(() => decide("skip")),
    flag: free(() => decide("flag")),
    undo: free(undo),
    following: free(() => shown && next(shown.position, shown.again ? { fresh: "1" } : {})),
    previous: free(back),
    "list-button": () => list(),
    "goto-button": goto,
    "filter-button": openFilter,
    "pairs-button": () => at("pairs-button").hidden || location.assign("/pairs"),
    "help-button": help,
  };
  const keys = Object.fromEntries(Object.entries(actions).map(([id, action]) => [at(id).dataset.key, action]));
  keys[note.dataset.key] = () => shown && note.focus();
  for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);
  for (let number = 1; number <= 9; number += 1) keys[number] = () => choose(number);
  at("reasons").querySelectorAll("[data-reason]").forEach((button, index) => button.addEventListener("click", () => choose(index + 1)));
  at("keep").addEventListener("click", leaveReasons);
  const { following, previous, undo: takeBack } = actions;
  listen({ ...keys, ArrowRight: following, ArrowLeft: previous, "Control+z": takeBack, Escape: leaveReasons });
  note.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) at("title").focus();
  });
  at("single").addEventListener("change", (event) => switchKeys(event.target.checked));
}

const refilter = () => attempt(changed);
const openFilter = prepareFilter(refilter, attempt);
const list = prepareList(open, attempt);

addEventListener("popstate", () => (takeToken() ? start() : refilter()));
addEventListener("hashchange", () => takeToken() && start());
tabs.addEventListener("message", ({ data }) => {
  if (shown?.id === data && !busy && !editing && document.activeElement !== note) open(data, "Decided in another tab.");
  soon();
});

takeToken();
prepareSending("selfinstruct.pending", enable, settle);
wire();
start();
