/* What people say of two students, once every pair is judged; until then the server does not tell. */

import { at, element, fill } from "./dom.js";

const LEAST = 20; // judged pairs: on fewer nothing is decided

/** Show what the progress of a contest comes to at its end. */
export function showOutcome(progress) {
  const { contest, pairs, done } = progress;
  const over = pairs === done;
  at("outcome").hidden = !over || pairs === 0;
  at("done-title").textContent = pairs === 0 ? "Both answered every row alike" : "Every pair is judged";
  const alike = contest.rows - pairs;
  at("done-text").textContent = `${contest.rows} dev rows were answered, ${alike} of them alike. Undo takes back the latest choice.`;
  if (over) fill(at("outcome"), ...lines(progress).flatMap(line));
}

function lines({ contest, first, second, equal, bad, prefer_first: share, p_value: p, verdict, judge, done }) {
  const few = done < LEAST ? ` (fewer than ${LEAST} pairs)` : "";
  const kappa = judge.kappa === null ? "" : `, κ ${judge.kappa.toFixed(2)}`;
  return [
    [`${contest.first} better`, String(first)],
    [`${contest.second} better`, String(second)],
    ["Equal", String(equal)],
    ["Both bad", String(bad)],
    share && [`${contest.first} preferred`, `${percent(share.value)} % [${percent(share.low)}, ${percent(share.high)}] of ${first + second}`],
    ["Exact sign test", `p = ${p.toFixed(3)}`],
    ["Verdict", `${verdict === "inconclusive" ? "" : `${contest.first} is `}${verdict}${few}`],
    judge.n > 0 && ["The judge agrees", `on ${percent(judge.share)} % of ${judge.n}${kappa}`],
  ].filter(Boolean);
}

function line([name, value]) {
  return [element("dt", {}, element("bdi", {}, name)), element("dd", {}, value)];
}

const percent = (share) => Math.round(100 * share);
