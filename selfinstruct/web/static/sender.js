/* Asking so that nothing is lost: trouble is told in the banner, and what the server has not
   confirmed stays in this tab, under its own id, and is sent again as it is. */

import { Gone, post } from "./api.js";
import { at, element, fill, told } from "./dom.js";

const AGAIN = 2000; // milliseconds until a server that is gone is asked again

let place = ""; // where what is not confirmed is kept
let enable = null;
let settle = null;
let timer = null;
/** Whether something is sent and not confirmed. */
export let busy = false;

/** Keep what is pending under `name`. `changed` is called when `busy` changes, `settled` with the
    path, the body and the answer of what was sent. */
export function prepareSending(name, changed, settled) {
  place = name;
  enable = changed;
  settle = settled;
}

/** Say something in passing. */
export function say(words) {
  at("status").textContent = words;
}

/** Show words in the banner, with buttons as pairs of a name and what it does; "" hides it. */
export function warn(words, ...buttons) {
  const shownButtons = buttons.map(([name, action]) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", action);
    return button;
  });
  delete at("banner").dataset.gone;
  fill(at("banner"), ...(words ? [told(words), ...shownButtons] : []));
  at("banner").hidden = !words;
}

/** Run `work`; what goes wrong is told in the banner, with a way to go on. */
export async function attempt(work) {
  try {
    await work();
    if (at("banner").dataset.gone) warn("");
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    const kept = sessionStorage.getItem(place) ? " Your decision is kept on this page and is sent as soon as it is back." : "";
    warn(`The server does not answer. Start it again with the same --port, or wait.${kept}`, ["Try again", () => again(work)]);
    at("banner").dataset.gone = "yes";
    timer = setTimeout(() => again(work), AGAIN);
  }
}

function again(work) {
  clearTimeout(timer);
  return attempt(work);
}

/** Tell why an answer is none; `start` is how to try again. */
export function refuse({ status, data }, start) {
  const message = data.error?.message ?? `The server answered ${status}.`;
  if (data.error?.code === "token" && sessionStorage.getItem(place)) {
    warn("The server was started again. Open the address that it printed here, in this tab: your decision is kept and is sent then.");
  } else {
    warn(message, ["Try again", start]);
  }
}

/** Send a decision, and keep it until the server has said what became of it. */
export function send(path, body) {
  sessionStorage.setItem(place, JSON.stringify({ path, body }));
  return deliver();
}

/** Send what is pending, if anything is. */
export async function deliver() {
  const kept = sessionStorage.getItem(place);
  if (!kept) return;
  const { path, body } = JSON.parse(kept);
  busy = true;
  enable();
  await attempt(async () => {
    const answer = await post(path, body);
    if (answer.status === 200 || answer.status === 409 || answer.status === 422) sessionStorage.removeItem(place);
    busy = false;
    enable();
    settle(path, body, answer);
  });
}
