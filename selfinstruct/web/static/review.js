/* The review page: one row at a time. A decision is stored before the next row shows; one that the
   server has not confirmed stays here, under its own id, and is sent again as it is. */

import { Gone, get, post, takeToken } from "./api.js";
import { at, element, fill } from "./dom.js";
import { editorFault, openEditor } from "./editor.js";
import { showFigures } from "./figures.js";
import { DONE, showItem, turnsOf } from "./item.js";
import { listen, switchKeys } from "./keys.js";
import { filters, offerLabels, prepareFilter, prepareGoto, prepareList, showChips } from "./queue.js";

const PENDING = "selfinstruct.pending";
const PAUSE = 300; // milliseconds without a decision until the figures are counted again
const AGAIN = 2000; // milliseconds until a server that is gone is asked again

const tabs = new BroadcastChannel("selfinstruct");
const note = at("note");
let shown = null; // the item on the page
let total = 0;
let since = 0; // when it was shown, or the page was last looked at
let looked = 0; // milliseconds before that
let before = []; // ids of rows shown earlier
let editing = false;
let busy = false;
let timer = null;
let counting = null;

// -- showing --------------------------------------------------------------------------------------

function show(item, said, isBack = false) {
  if (shown && !isBack && item?.id !== shown.id) before.push(shown.id);
  editing = false;
  shown = item;
  note.value = item?.standing?.note ?? "";
  at("item").hidden = item === null;
  at("done").hidden = item !== null;
  mode(false);
  looked = 0;
  since = performance.now();
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

function say(words) {
  at("status").textContent = words;
}

function warn(words, ...buttons) {
  const shownButtons = buttons.map(([name, action]) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", action);
    return button;
  });
  delete at("banner").dataset.gone;
  fill(at("banner"), ...(words ? [element("p", {}, words), ...shownButtons] : []));
  at("banner").hidden = !words;
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

async function refresh() {
  const { status, data } = await get("/api/progress", filters());
  if (status !== 200) return;
  total = Object.keys(filters()).length ? 0 : data.progress.total;
  showFigures(data.progress);
  offerLabels(data.progress.by_label);
}

/** Count again once no key has decided for a moment: the next decision does not wait for it. */
function soon() {
  clearTimeout(counting);
  counting = setTimeout(() => attempt(refresh), PAUSE);
}

// -- asking ---------------------------------------------------------------------------------------

/** Run `work`; what goes wrong is told in the banner, with a way to go on. */
async function attempt(work) {
  try {
    await work();
    if (at("banner").dataset.gone) warn("");
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    const kept = sessionStorage.getItem(PENDING) ? " Your decision is kept on this page and is sent as soon as it is back." : "";
    warn(`The server does not answer. Start it again with the same --port, or wait.${kept}`, ["Try again", () => again(work)]);
    at("banner").dataset.gone = "yes";
    timer = setTimeout(() => again(work), AGAIN);
  }
}

function again(work) {
  clearTimeout(timer);
  return attempt(work);
}

function refused({ status, data }) {
  const message = data.error?.message ?? `The server answered ${status}.`;
  if (editing && status === 422) return editorFault(message);
  if (data.error?.code === "token" && sessionStorage.getItem(PENDING)) {
    warn("The server was started again. Open the address that it printed here, in this tab: your decision is kept and is sent then.");
  } else {
    warn(message, ["Try again", start]);
  }
}

const next = (after) =>
  attempt(async () => {
    const answer = await get("/api/next", { ...filters(), after: String(after) });
    if (answer.status !== 200) return refused(answer);
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
    ms: Math.round(looked + performance.now() - since),
    ...more,
  };
  return send("/api/decide", { decision, seen: shown.standing?.id ?? null, filters: filters() });
}

const undo = () => (busy || editing ? undefined : send("/api/undo", { id: crypto.randomUUID() }));

function send(path, body) {
  sessionStorage.setItem(PENDING, JSON.stringify({ path, body }));
  return deliver();
}

/** Send what is pending until the server has said what became of it. */
async function deliver() {
  const kept = sessionStorage.getItem(PENDING);
  if (!kept) return;
  const { path, body } = JSON.parse(kept);
  busy = true;
  enable();
  await attempt(async () => {
    const answer = await post(path, body);
    if (answer.status === 200 || answer.status === 409 || answer.status === 422) sessionStorage.removeItem(PENDING);
    busy = false;
    settle(path, body, answer);
  });
}

function settle(path, body, answer) {
  enable();
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
    show(data.item, `${DONE[action][0].toUpperCase()}${DONE[action].slice(1)}.${data.item ? ` Row ${data.item.position + 1}.` : ""}`);
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
    const { run, dashboard } = answer.data;
    document.title = `${run}: review`;
    at("run").textContent = run;
    at("home").href = dashboard;
    await changed();
    await deliver();
  });

async function changed() {
  before = [];
  showChips(changed);
  await refresh();
  if (filters().state === "decided") show(null);
  else await next(-1);
  if (filters().state) await list();
}

function wire() {
  const filter = prepareFilter(changed);
  const goto = prepareGoto(open);
  const help = () => at("help").showModal();
  const actions = {
    a: ["accept", free(() => decide("accept"))],
    e: ["edit", free(edit)],
    x: ["reject", free(reject)],
    s: ["skip", free(() => decide("skip"))],
    f: ["flag", free(() => decide("flag"))],
    u: ["undo", free(undo)],
    j: ["following", free(() => shown && next(shown.position))],
    k: ["previous", free(back)],
    l: ["list-button", () => list()],
    g: ["goto-button", goto],
    "/": ["filter-button", filter],
    "?": ["help-button", help],
  };
  const keys = Object.fromEntries(Object.entries(actions).map(([key, [, action]]) => [key, action]));
  for (const [id, action] of Object.values(actions)) at(id).addEventListener("click", action);
  for (let number = 1; number <= 9; number += 1) keys[number] = () => choose(number);
  at("reasons").querySelectorAll("[data-reason]").forEach((button, index) => button.addEventListener("click", () => choose(index + 1)));
  at("keep").addEventListener("click", leaveReasons);
  listen({ ...keys, ArrowRight: keys.j, ArrowLeft: keys.k, "Control+z": keys.u, Escape: leaveReasons, n: () => shown && note.focus() });
  note.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) at("title").focus();
  });
  at("single").addEventListener("change", (event) => switchKeys(event.target.checked));
}

const list = prepareList(open, attempt);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) looked += performance.now() - since;
  else since = performance.now();
});
addEventListener("popstate", () => (takeToken() ? start() : changed()));
addEventListener("hashchange", () => takeToken() && start());
tabs.addEventListener("message", ({ data }) => {
  if (shown?.id === data && !busy && !editing && document.activeElement !== note) open(data, "Decided in another tab.");
  soon();
});

takeToken();
wire();
start();
