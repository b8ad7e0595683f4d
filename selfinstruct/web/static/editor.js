/* The words of a row in text areas, in place of the conversation. */

import { at, element, fill } from "./dom.js";

/** Open the editor on a row. `save` is called with the edited words, `leave` without. */
export function openEditor(example, save, leave) {
  const fields = [];
  const field = (name, value, more = {}) => {
    const area = element("textarea", { rows: Math.min(12, 1 + value.split("\n").length + Math.floor(value.length / 90)), ...more });
    area.value = value;
    fields.push(area);
    return element("label", {}, name, area);
  };
  const turns = example.turns ?? [];
  const labelled = example.label !== undefined && example.label !== null;
  const said = turns.map((turn) => field(turn.role, turn.content));
  const form = element(
    "form",
    { class: "editor", "aria-label": "Edit the row" },
    ...said,
    field("Instruction", example.instruction ?? ""),
    field("Input", example.input ?? ""),
    field("Answer", example.response ?? ""),
    field("Label", example.label ?? "", { spellcheck: "false" }),
    element("p", { id: "editor-fault", class: "fault", role: "alert", hidden: true }),
    element(
      "p",
      { class: "buttons" },
      element("button", { type: "submit", class: "primary" }, "Save and accept ", element("kbd", {}, "Ctrl"), element("kbd", {}, "Enter")),
      element("button", { type: "button", class: "quiet" }, "Leave as it was ", element("kbd", {}, "Esc")),
    ),
  );
  const read = () => {
    const values = fields.map((area) => area.value);
    const [instruction, input, response, label] = values.slice(turns.length);
    return {
      instruction,
      input,
      response,
      label: label === "" && !labelled ? null : label,
      turns: turns.map((turn, index) => ({ role: turn.role, content: values[index] })),
    };
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(read());
  });
  form.querySelector("button[type=button]").addEventListener("click", leave);
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Esc and Enter belong to the input method then
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save(read());
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      leave();
    }
  });
  fill(at("conversation"), form);
  const first = fields[turns.length + (example.input ? 1 : 0)];
  first.focus();
  first.setSelectionRange(first.value.length, first.value.length);
}

/** Say in the editor why its words were not taken. */
export function editorFault(message) {
  const shown = at("editor-fault");
  shown.textContent = message;
  shown.hidden = false;
}
