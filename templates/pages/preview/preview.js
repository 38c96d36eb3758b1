"use strict";
const at = (id) => document.getElementById(id);
const form = at("form");
let version = 0;

function chosen(name) {
  return form.elements[name].value;
}

function fillFaults(state) {
  const box = at("faults");
  box.replaceChildren();
  box.hidden = state.faults.length === 0;
  if (box.hidden) return;
  const title = document.createElement("h2");
  title.textContent = state.broken ? "The file has faults; below is how it last was" : "To mend";
  const list = document.createElement("ul");
  for (const fault of state.faults) {
    const item = document.createElement("li");
    const kind = fault.blocking ? "" : "Advice: ";
    item.textContent = kind + (fault.where ? fault.where + ": " : "") + fault.text;
    list.append(item);
  }
  box.append(title, list);
}

function fillChoices(choices) {
  const select = at("variant");
  const before = select.value || select.dataset.first;
  select.replaceChildren();
  choices.forEach((choice, place) => {
    const option = document.createElement("option");
    option.value = String(place + 1);
    const people = choice.people ? `${choice.people} people` : "made-up reader";
    option.textContent = `${place + 1}: ${choice.label} (${people}${choice.smallest ? ", the smallest" : ""})`;
    select.append(option);
  });
  select.value = Number(before) <= choices.length ? before : "1";
}

function fillMessage(message) {
  at("subject").textContent = message.subject;
  at("beside").textContent = message.preview;
  at("text").textContent = message.text;
  const frame = at("email");
  const width = Number(chosen("width"));
  frame.style.width = width + "px";
  // The frame cannot be asked how tall it is: it is made tall enough, so that this page scrolls.
  const lines = message.text.split("\n").reduce((sum, line) => sum + 1.4 + line.length / (width / 11), 0);
  const wanted = Math.ceil((500 + lines * 34) / 400) * 400;
  frame.style.height = Math.max(wanted, parseInt(frame.style.height || "0", 10)) + "px";
  if (frame.srcdoc !== message.html) frame.srcdoc = message.html;
}

async function look() {
  const asked = new URLSearchParams({
    known: String(version), variant: at("variant").value || at("variant").dataset.first,
    dark: chosen("dark") ? "true" : "false", images: chosen("images") ? "true" : "false",
  });
  try {
    const answer = await fetch("state?" + asked, { cache: "no-store" });
    if (answer.status === 200) {
      const state = await answer.json();
      version = state.version;
      fillFaults(state);
      document.body.classList.toggle("stale", state.broken);
      if (state.choices.length) fillChoices(state.choices);
      if (state.message) fillMessage(state.message);
    }
  } catch (error) {
    at("faults").hidden = false;
    at("faults").textContent = "The preview has stopped; start it again at the terminal.";
  }
}

form.addEventListener("change", () => {
  at("email").hidden = chosen("part") !== "html";
  at("text").hidden = chosen("part") !== "text";
  version = 0;
  look();
});

async function follow() {
  await look();
  setTimeout(follow, 250);
}
follow();
