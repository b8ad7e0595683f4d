/* Single keys: off in fields and dialogs, with Ctrl, Alt or Meta, and while a key is held down. */

const FIELDS = "input, textarea, select, [contenteditable]";
let on = true;

/** Switch single keys on or off; Escape and Ctrl+Z stay. */
export function switchKeys(wanted) {
  on = wanted;
}

/** Call what `actions` has for a key; `actions` maps a key to a function. */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || inField(event.target) || document.querySelector("dialog[open]")) return;
    const action = actions[named(event)];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function inField(target) {
  return target instanceof Element && target.closest(FIELDS) !== null;
}

function named(event) {
  const control = event.ctrlKey || event.metaKey;
  if (control && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "z") return "Control+z";
  if (control || event.altKey) return "";
  if (event.key === "Escape") return "Escape";
  return on ? event.key : "";
}
