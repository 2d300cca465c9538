// The playground: asks the API beside it, and shows all that it says. Documents are only ever text here, never markup.

const PAUSE = 140; // ms after a key: typing is quicker than asking
const NAMES = { hybrid: "By meaning and words", vector: "By meaning", lexical: "By words" };
const $ = (id) => document.getElementById(id);
const asked = { filters: new Map() };
let index = null;

function made(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

class Side {
  constructor(id) {
    this.box = $(id);
    this.list = this.box.querySelector("ol");
    this.more = this.box.querySelector(".more");
    this.more.addEventListener("click", () => this.ask({ ...this.question, cursor: this.next }));
  }

  say(text, wrong = false) {
    const state = this.box.querySelector(".state");
    state.textContent = text;
    state.classList.toggle("wrong", wrong);
  }

  clear(name) {
    this.running?.abort();
    this.box.querySelector("h2").textContent = name;
    this.box.querySelector(".took").textContent = "";
    this.list.replaceChildren();
    this.more.hidden = true;
    this.say("");
  }

  async ask(question) {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const start = performance.now();
    try {
      const answer = await fetched(address(question), question.base, running.signal);
      this.show(question, answer, performance.now() - start);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (!question.cursor) this.list.replaceChildren();
      this.more.hidden = true;
      this.say(problem.detail ?? "The service does not answer.", true);
    }
  }

  show(question, answer, waited) {
    this.question = question;
    this.next = answer.next;
    const rows = answer.items.map((item, place) => row(item, place, this));
    if (question.cursor) this.list.append(...rows);
    else this.list.replaceChildren(...rows);
    this.more.hidden = !answer.next;
    const count = this.list.children.length;
    this.say(`${count} ${count === 1 ? "document" : "documents"}${answer.reason ? `. ${answer.reason}` : ""}`);
    const { embedding, database, total } = answer.took;
    this.box.querySelector(".took").textContent =
      `embedding ${embedding.toFixed(1)} ms · database ${database.toFixed(1)} ms · service ${total.toFixed(1)} ms · ` +
      `here ${waited.toFixed(0)} ms · generation ${answer.generation}`;
    if (question.cursor) rows[0]?.focus();
  }
}

function address(question) {
  const path = question.similar ? `v1/documents/${encodeURIComponent(question.similar)}/similar` : "v1/search";
  const words = new URLSearchParams({ k: "10", explain: String($("explain").checked) });
  if (question.cursor) words.set("cursor", question.cursor);
  if (!question.similar) {
    words.set("q", question.q);
    if (question.mode) words.set("mode", question.mode);
    for (const [field, value] of asked.filters.values()) words.append("filter", `${field}:${value}`);
  }
  return `${path}?${words}`;
}

async function fetched(path, base = document.baseURI, signal = undefined) {
  const answer = await fetch(new URL(path, base), { signal, headers: { accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw body;
  return body;
}

function marked({ text, marks }) {
  const letters = Array.from(text); // places are counted in code points
  const nodes = [];
  let at = 0;
  for (const [start, end] of marks) {
    nodes.push(letters.slice(at, start).join(""), made("mark", { textContent: letters.slice(start, end).join("") }));
    at = end;
  }
  return [...nodes, letters.slice(at).join("")];
}

function row(item, place, side) {
  const title = item.title || item.id;
  const node = made("li", { tabIndex: place === 0 ? 0 : -1, dir: "auto" });
  node.setAttribute("aria-label", title);
  node.append(made("h3", { textContent: title }), made("p", {}, ...marked(item.snippet)));
  const tags = made("div", { className: "tags" }, made("span", { textContent: item.id }));
  for (const [field, values] of Object.entries(item.filters)) {
    for (const value of values) {
      const tag = made("button", { type: "button", textContent: value, title: `Only ${field}: ${value}` });
      tag.addEventListener("click", () => limit(field, value));
      tags.append(tag);
    }
  }
  const alike = made("button", { type: "button", textContent: "Alike", title: `Documents like ${title}` });
  alike.addEventListener("click", () => similar(item));
  tags.append(alike);
  node.append(tags);
  if (item.explain) node.append(explained(item));
  node.addEventListener("click", (event) => event.target.closest("button") ?? open(node, item, side));
  node.addEventListener("keydown", (event) => event.key === "Enter" && event.target === node && open(node, item, side));
  return node;
}

function explained({ score, explain }) {
  const { vectorRank, distance, lexicalRank, lexicalScore } = explain;
  const cells = [
    ["score", score.toFixed(5)],
    ["by meaning", vectorRank === null ? "–" : `${vectorRank}. at distance ${distance.toFixed(4)}`],
    ["by words", lexicalRank === null ? "–" : `${lexicalRank}. with ${lexicalScore.toFixed(4)}`],
  ];
  const rows = cells.map(([name, value]) =>
    made("tr", {}, made("th", { scope: "row", textContent: name }), made("td", { textContent: value })));
  const table = made("table", {}, ...rows);
  table.setAttribute("aria-label", "Why here");
  return table;
}

async function open(node, item, side) {
  const there = node.querySelector(".whole");
  if (there) return there.remove();
  try {
    const whole = await fetched(`v1/documents/${encodeURIComponent(item.id)}`, side.question.base);
    node.append(made("p", { className: "whole", textContent: whole.text }));
  } catch (problem) {
    side.say(problem.detail ?? "The document cannot be read.", true);
  }
}

function limit(field, value) {
  const key = `${field}:${value}`;
  if (!asked.filters.delete(key)) asked.filters.set(key, [field, value]);
  $("filters").replaceChildren(...[...asked.filters.values()].map(([name, one]) => {
    const button = made("button", { type: "button", textContent: `${name}: ${one} ✕` });
    button.setAttribute("aria-label", `Without the filter ${name}: ${one}`);
    button.addEventListener("click", () => limit(name, one));
    return button;
  }));
  search();
}

function similar(item) {
  right.clear(`Like ${item.title || item.id}`);
  beside(true);
  right.ask({ similar: item.id });
}

function beside(shown) {
  right.box.hidden = !shown;
  document.querySelector("main").classList.toggle("two", shown);
}

function search() {
  const q = $("q").value.trim();
  const mode = document.querySelector("input[name=mode]:checked")?.value;
  const other = $("beside").value;
  left.clear(NAMES[mode] ?? "");
  beside(Boolean(other) && Boolean(q));
  history.replaceState(null, "", q ? `?${new URLSearchParams({ q, mode, beside: other })}` : "?");
  if (!q) return left.say(index ? "Type a question." : "");
  left.ask({ q, mode });
  if (other) {
    const candidate = other === "candidate";
    right.clear(candidate ? `${NAMES[mode]}, the candidate` : NAMES[other]);
    right.ask({ q, mode: candidate ? mode : other, base: candidate ? index.candidate : undefined });
  }
}

function step(event) {
  const item = document.activeElement?.closest?.("li");
  const list = item ? item.parentElement : left.list;
  const items = [...list.children];
  const place = items.indexOf(item) + (event.key === "ArrowDown" ? 1 : -1);
  if (place < 0) return $("q").focus();
  items[Math.min(place, items.length - 1)]?.focus();
  event.preventDefault();
}

function key(event) {
  const typing = event.target.matches("input[type=search], select");
  if (event.key === "/" && !typing) { event.preventDefault(); $("q").focus(); $("q").select(); }
  else if (event.key === "Escape") $("q").focus();
  else if (event.key.startsWith("Arrow") && !event.target.matches("select, input[type=radio]") &&
           ["ArrowDown", "ArrowUp"].includes(event.key)) step(event);
}

function describe() {
  const { model, hnsw, recall } = index;
  const found = recall ? `, recall above ${(100 * recall.lowerBound).toFixed(1)} %` : "";
  $("index").textContent =
    `Generation ${index.generation}: ${index.documents ?? 0} documents, ${model.name} ${model.digest.slice(0, 8)}, ` +
    `${index.metric}, quantization ${index.quantization}, m ${hnsw.m}, efSearch ${hnsw.efSearch}${found}`;
  if (!index.hybrid) {
    for (const name of ["hybrid", "lexical"]) {
      document.querySelector(`input[value=${name}]`).disabled = true;
      $("beside").querySelector(`[value=${name}]`).disabled = true;
    }
  }
  if (index.candidate) $("beside").append(made("option", { value: "candidate", textContent: "the candidate" }));
}

const left = new Side("left");
const right = new Side("right");

async function begin() {
  try {
    index = await fetched("v1/index");
    describe();
  } catch (problem) {
    left.say(problem.detail ?? "The service does not answer.", true);
  }
  const words = new URLSearchParams(location.search);
  const mode = words.get("mode") ?? (index?.hybrid === false ? "vector" : "hybrid");
  (document.querySelector(`input[name=mode][value="${CSS.escape(mode)}"]`) ??
    document.querySelector("input[value=vector]")).checked = true;
  $("beside").value = words.get("beside") ?? "";
  $("q").value ||= words.get("q") ?? "";
  let later = 0;
  $("q").addEventListener("input", () => { clearTimeout(later); later = setTimeout(search, PAUSE); });
  $("ask").addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(later); search(); });
  for (const id of ["modes", "beside", "explain"]) $(id).addEventListener("change", search);
  document.addEventListener("keydown", key);
  search();
}

begin();
