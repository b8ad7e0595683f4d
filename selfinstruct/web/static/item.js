/* One row on the page: the conversation on the left, why it is here and what it is like beside it. */

import { at, element, fill } from "./dom.js";

export const WHYS = {
  judge_doubt: "The judge is in doubt",
  disagreement: "Student and teacher disagree",
  near_threshold: "Close to a filter's threshold",
  rare_label: "Of a rare label",
  personal_data: "May hold personal data",
  random: "Drawn at random: the estimate of acceptance goes by these rows",
  asked: "One of the share that is to be reviewed",
};
export const DONE = {
  accept: "accepted",
  edit: "edited and accepted",
  reject: "rejected",
  skip: "skipped",
  flag: "flagged",
};
const SPEAKERS = { system: "System", user: "User", assistant: "Assistant" };

/** Show an item, one of `total`; 0 where the filters leave only some of the queue. */
export function showItem(item, total) {
  const { example } = item;
  fill(at("title"), document.createTextNode(`Row ${item.row}${total ? ` of ${total}` : ""}`));
  fill(at("badges"), ...badges(item));
  fill(at("conversation"), ...turnsOf(example));
  fill(
    at("right"),
    section("Why it is here", whys(item)),
    item.scores.length ? section("Scores", scores(item)) : null,
    neighbour("Nearest real row", item.nearest_real),
    neighbour("Nearest synthetic row", item.nearest_synthetic),
  );
}

/** The turns of a row and its question, as they are read. */
export function askedOf(example) {
  const said = (example.turns ?? []).map((turn) => bubble(turn.role, turn.content));
  const task = example.instruction
    ? element("p", { class: example.input ? "words task" : "words" }, example.instruction)
    : null;
  const asked = element("div", { class: "turn user" }, element("h2", {}, SPEAKERS.user), task);
  if (example.input) asked.append(element("p", { class: "words" }, example.input));
  return [...said, asked];
}

/** The same, and the answer. */
export function turnsOf(example) {
  const answer = example.response
    ? bubble("assistant", example.response)
    : element("p", { class: "muted" }, "No answer.");
  return [...askedOf(example), answer];
}

function bubble(role, text) {
  return element(
    "div",
    { class: `turn ${role in SPEAKERS ? role : "user"}` },
    element("h2", {}, SPEAKERS[role] ?? role),
    element("p", { class: "words" }, text),
  );
}

function badges(item) {
  const { example, standing } = item;
  const found = [
    standing ? badge("decision", DONE[standing.action] + (standing.reason ? `: ${standing.reason}` : ""), "held") : null,
    example.label !== undefined && example.label !== null ? badge("label", example.label, "label") : null,
    badge("round", item.round),
    badge("filters", item.fate === "accepted" ? "let it pass" : `dropped it: ${item.fate.replaceAll("_", " ")}`),
    item.judge === null ? null : badge("judge", item.judge ? "lets it pass" : "does not let it pass"),
    item.recipe ? badge("recipe", item.recipe) : null,
    item.prompt ? badge("prompt", item.prompt) : null,
    badge("id", item.id, "id"),
  ];
  return found.filter(Boolean);
}

function badge(name, value, kind = "") {
  return element("li", { class: `badge ${kind}` }, element("span", { class: "name" }, name), element("bdi", {}, String(value)));
}

function section(title, ...children) {
  return element("section", {}, element("h2", {}, title), ...children);
}

function whys(item) {
  const lines = item.why.map((why) => element("li", {}, WHYS[why] ?? why));
  if (item.measured && item.measured.value !== null) {
    const limit = item.measured.threshold === null ? "" : `, limit ${number(item.measured.threshold)}`;
    lines.push(element("li", {}, `${item.fate.replaceAll("_", " ")}: ${number(item.measured.value)}${limit}`));
  }
  return element("ul", { class: "whys" }, ...lines);
}

function scores(item) {
  const rows = item.scores.map((score) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, score.name.replaceAll("_", " ")),
      element("td", { class: "num" }, number(score.value)),
      element("td", { class: "muted" }, score.detail || `by a ${score.source}`),
    ),
  );
  return element("table", { class: "scores" }, element("tbody", {}, ...rows));
}

function neighbour(title, found) {
  if (!found) return section(title, element("p", { class: "muted" }, "None is known."));
  const { example } = found;
  const parts = found.difference.map(([kind, text]) => {
    if (kind === "both") return text;
    return element(kind === "gone" ? "del" : "ins", {}, text);
  });
  return section(
    title,
    element("p", { class: "muted" }, `ROUGE-L ${number(found.rouge_l)}`, example.label ? " · " : null, example.label ? element("bdi", {}, example.label) : null),
    element("p", { class: "words difference" }, ...parts),
    example.response
      ? element("details", {}, element("summary", {}, "Its answer"), element("p", { class: "words" }, example.response))
      : null,
    element("p", { class: "legend", "aria-hidden": "true" }, element("del", {}, "only there"), element("ins", {}, "only in this row")),
  );
}

function number(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(3))) : String(value);
}
