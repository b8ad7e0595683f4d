/* Elements from words. Nothing of a row is ever read as markup: text goes into text nodes alone. */

const HIDDEN = /[\p{Cc}\p{Cs}\p{Co}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** Text whose control, private and direction characters are spelled out, such as [U+202E]. */
export function visible(text) {
  return String(text).replace(HIDDEN, (char) =>
    char === "\n" || char === "\t"
      ? char
      : `[U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

/** An element with attributes and children; a child that is a text becomes a text node. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children) {
    if (child === null || child === undefined) continue;
    made.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return made;
}

/** A message, line by line; those that are set in are shown exactly, as a caret stands below a sign. */
export function told(message) {
  const lines = String(message).split("\n");
  return element("div", { class: "told" }, ...lines.map((line) => element("p", { class: line.startsWith("    ") ? "exact" : null }, line)));
}

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** Show `children` in place of what an element holds. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}
