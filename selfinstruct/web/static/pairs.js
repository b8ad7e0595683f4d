/* The page of pairs: two answers to one row, and a key for the better one. As on the review page a
   choice is stored before the next pair shows. Whose answer is whose, this page is never told. */

import { get, takeToken } from "./api.js";
import { looked, restart } from "./clock.js";
import { at, element, fill } from "./dom.js";
import { askedOf } from "./item.js";
import { listen, switchKeys } from "./keys.js";
import { showOutcome } from "./outcome.js";
import { attempt, busy, deliver, prepareSending, refuse, say, send, warn } from "./sender.js";

const SAID = {
  left: "Answer 1 is better.",
  right: "Answer 2 is better.",
  equal: "Equal.",
  bad: "Both bad.",
  skip: "Skipped.",
};

const tabs = new BroadcastChannel("selfinstruct.pairs");
let contest = null;
let shown = null; // the pair on the page
let total = 0;

// -- showing --------------------------------------------------------------------------------------

function show(pair, said = "") {
  shown = pair;
  at("item").hidden = pair === null;
  at("done").hidden = pair !== null;
  restart();
  if (pair !== null) showPair(pair);
  document.body.dataset.item = pair?.id ?? "";
  enable();
  const held = pair?.standing && pair.standing.action !== "skip" ? `It was judged: ${SAID[pair.standing.action]}` : "";
  say([said, held].filter(Boolean).join(" "));
  if (!at("actions").contains(document.activeElement)) at(pair ? "title" : "done-title").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function showPair(pair) {
  const { example } = pair;
  at("title").textContent = `Pair ${pair.place} of ${total}`;
  fill(at("conversation"), ...askedOf(example));
  fill(at("left-words"), words(pair.left));
  fill(at("right-words"), words(pair.right));
  at("reference").open = false;
  const label = example.label === undefined || example.label === null ? null : element("p", {}, "Label: ", element("bdi", {}, example.label));
  fill(at("reference-words"), label, example.response ? words(example.response) : null);
  at("reference").hidden = !label && !example.response;
}

function words(text) {
  return text.trim() ? element("p", { class: "words" }, text) : element("p", { class: "muted" }, "No answer.");
}

function enable() {
  for (const button of document.querySelectorAll("#actions button")) {
    // Not `disabled`: the button that was pressed would lose the focus.
    button.setAttribute("aria-disabled", String(busy || (shown === null && button.id !== "undo")));
  }
}

async function refresh() {
  const answer = await get("/api/pairs/progress", { of: contest.id });
  if (answer.status !== 200) return refuse(answer, start);
  const { progress } = answer.data;
  total = progress.pairs;
  at("bar").max = Math.max(1, total);
  at("bar").value = progress.done;
  const skipped = progress.skipped ? ` · ${progress.skipped} skipped` : "";
  fill(at("count"), element("b", {}, `${progress.done} of ${total}`), ` judged${skipped}`);
  showOutcome(progress);
}

function showContests(contests) {
  at("first").textContent = contest.first;
  at("second").textContent = contest.second;
  at("contests").hidden = contests.length < 2;
  const links = contests.map((each) =>
    element("a", { href: `/pairs?of=${each.id}`, "aria-current": each.id === contest.id ? "page" : null }, `${each.first} or ${each.second}`),
  );
  fill(at("contests"), ...links);
}

// -- choosing -------------------------------------------------------------------------------------

function choose(action) {
  if (busy || !shown) return;
  const choice = { id: crypto.randomUUID(), pair: shown.id, pair_hash: shown.hash, action, ms: looked() };
  return send("/api/pairs/choose", { choice, seen: shown.standing?.id ?? null });
}

const undo = () => (busy || !contest ? undefined : send("/api/pairs/undo", { id: crypto.randomUUID(), of: contest.id }));

function settle(path, body, answer) {
  const { status, data } = answer;
  if (status === 409) return conflict(body.choice.pair, data.error);
  if (status !== 200) return refuse(answer, start);
  warn("");
  if (path === "/api/pairs/undo") {
    if (!data.pair) return say("There is nothing to undo.");
    show(data.pair, "Undone.");
    tabs.postMessage(data.pair.id);
  } else {
    show(data.pair, `${SAID[body.choice.action]}${data.pair ? ` Pair ${data.pair.place}.` : ""}`);
    tabs.postMessage(body.choice.pair);
  }
  attempt(refresh);
}

const open = (id, said) =>
  attempt(async () => {
    const answer = await get("/api/pairs/pair", { id });
    if (answer.status !== 200) return refuse(answer, start);
    show(answer.data.pair, said);
  });

async function conflict(pair, error) {
  await open(pair);
  warn(`Nothing was stored: ${error.message}. Here it is as it is now.`, ["Understood", () => warn("")]);
}

// -- starting -------------------------------------------------------------------------------------

const start = () =>
  attempt(async () => {
    const answer = await get("/api/pairs/start");
    if (answer.status !== 200) return refuse(answer, start);
    warn("");
    const { run, dashboard, rows, contests } = answer.data;
    document.title = `${run}: pairs`;
    at("run").textContent = run;
    at("home").href = dashboard;
    for (const each of document.querySelectorAll(".of-rows")) each.hidden = !rows;
    const wanted = new URLSearchParams(location.search).get("of");
    contest = wanted === null ? contests[0] : contests.find((each) => each.id === wanted);
    if (!contest) return none();
    showContests(contests);
    await refresh();
    const next = await get("/api/pairs/next", { of: contest.id });
    if (next.status !== 200) return refuse(next, start);
    show(next.data.pair);
    await deliver();
  });

function none() {
  show(null);
  at("done-title").textContent = "There are no pairs here";
  at("done-text").textContent = "selfinstruct review RUN --pairs A B has two students answer dev rows.";
}

function wire() {
  const actions = { left: ["1", "a"], right: ["2", "b"], equal: ["0", "="], bad: ["x"], skip: ["s"] };
  const keys = { u: undo, "Control+z": undo };
  for (const [action, names] of Object.entries(actions)) {
    at(action).addEventListener("click", () => choose(action));
    for (const name of names) keys[name] = () => choose(action);
  }
  at("undo").addEventListener("click", undo);
  const rows = () => at("rows-button").hidden || location.assign("/");
  const help = () => at("help").showModal();
  at("rows-button").addEventListener("click", rows);
  at("help-button").addEventListener("click", help);
  listen({ ...keys, p: rows, "?": help, r: () => at("reference").toggleAttribute("open") });
  at("single").addEventListener("change", (event) => switchKeys(event.target.checked));
}

addEventListener("hashchange", () => takeToken() && start());
tabs.addEventListener("message", ({ data }) => {
  if (shown?.id === data && !busy) open(data, "Judged in another tab.");
  if (contest) attempt(refresh);
});

takeToken();
prepareSending("selfinstruct.pending.pairs", enable, settle);
wire();
start();
