/* How far the review is, in figures that each say what they are of. */

import { at, element, fill } from "./dom.js";

/** Show the progress of the rows that the filters mean. */
export function showFigures(progress) {
  const { done, total } = progress;
  at("bar").max = Math.max(1, total);
  at("bar").value = done;
  const count = element("li", { id: "count" }, element("b", {}, `${done} of ${total}`), " decided");
  fill(at("figures"), count, accepted(progress), agreement(progress.judge), constancy(progress.constancy), pace(progress));
}

function accepted({ accept_rate: rate, random_done: n }) {
  if (!rate) return figure("accepted", "–", "no random row is decided yet");
  const share = `${percent(rate.value)} %`;
  return figure("accepted", share, `[${percent(rate.low)}, ${percent(rate.high)}], ${rows(n, "random row")}`);
}

function agreement(judge) {
  if (!judge.n) return null;
  const kappa = judge.kappa === null ? "" : `κ ${judge.kappa.toFixed(2)}, `;
  return figure("agree with the judge", `${percent(judge.share)} %`, `${kappa}${rows(judge.n, "row")}`);
}

function constancy({ n, share, kappa }) {
  if (!n) return null;
  const more = `[${percent(share.low)}, ${percent(share.high)}], ${kappa === null ? "" : `κ ${kappa.toFixed(2)}, `}`;
  return figure("agree with themselves", `${percent(share.value)} %`, `${more}${rows(n, "row")} twice`);
}

function pace({ per_minute: rate, seconds_left: left }) {
  if (!rate) return null;
  return figure("a minute", rate < 10 ? rate.toFixed(1) : String(Math.round(rate)), left === null ? "" : `${duration(left)} left`);
}

function figure(name, value, more) {
  return element("li", {}, element("b", {}, value), ` ${name}`, more ? element("span", { class: "muted" }, ` ${more}`) : null);
}

function duration(seconds) {
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

const rows = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;
const percent = (share) => Math.round(100 * share);
