"use strict";
// Source lines, with the places in them that a finding is about.

/** @typedef {{place: number, label: string, main: boolean}} Marked */

/** @param {Node} element @param {string} code */
function colour(element, code) {
  const pattern = /(\/\/.*$)|("(?:[^"\\]|\\.)*"?)|\b(as|async|await|break|const|continue|crate|dyn|else|enum|extern|false|fn|for|if|impl|in|let|loop|match|mod|move|mut|pub|ref|return|self|Self|static|struct|super|trait|true|type|unsafe|use|where|while)\b/g;
  const kinds = ["comment", "string", "keyword"];
  let at = 0;
  for (const match of code.matchAll(pattern)) {
    const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)];
    element.appendChild(document.createTextNode(code.slice(at, match.index)));
    element.appendChild(h("span", { class: `t-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  element.appendChild(document.createTextNode(code.slice(at)));
}

/** How many columns a part of a line takes; a tab goes to the next fourth. @param {string} part */
function columns(part) {
  let count = 0;
  for (const c of part) count += c === "\t" ? 4 - (count % 4) : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(c) ? 2 : 1;
  return count;
}

/** A line of code with its marked parts. @param {string} code @param {{start: number, end: number, main: boolean}[]} spans */
function codeLine(code, spans) {
  const line = h("code", { class: "code" });
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < at || span.end <= span.start) continue;
    colour(line, code.slice(at, span.start));
    const mark = h("mark", { class: span.main ? "main-mark" : "side-mark" });
    colour(mark, code.slice(span.start, span.end));
    line.append(mark);
    at = span.end;
  }
  colour(line, code.slice(at));
  return line;
}

/** The places of one thread, by file, in order of time. @param {Marked[]} marks @returns {HTMLElement} */
function quotes(marks) {
  const block = h("div", { class: "quotes" });
  /** @type {{file: number | null, marks: Marked[]}[]} */
  const groups = [];
  for (const mark of marks) {
    const file = HEAD.places[mark.place].quoted?.[0] ?? null;
    const last = groups[groups.length - 1];
    if (last && file !== null && last.file === file) last.marks.push(mark);
    else groups.push({ file, marks: [mark] });
  }
  for (const group of groups) block.append(group.file === null ? unquoted(group.marks[0]) : quoted(HEAD.files[group.file], group.marks));
  return block;
}

/** A place of which the text cannot be had. @param {Marked} mark */
function unquoted(mark) {
  return h("div", { class: "quote" },
    h("p", { class: "quote-file" }, text(HEAD.places[mark.place].text)),
    h("p", { class: `label ${mark.main ? "main-label" : "side-label"}` }, rich(mark.label)));
}

/** @param {SourceFile} file @param {Marked[]} marks */
function quoted(file, marks) {
  /** @type {Map<number, Marked[]>} */
  const byLine = new Map();
  for (const mark of marks) {
    const line = /** @type {number[]} */ (HEAD.places[mark.place].quoted)[1];
    byLine.set(line, [...(byLine.get(line) ?? []), mark]);
  }
  const marked = [...byLine.keys()].sort((a, b) => a - b);
  const shown = Object.keys(file.lines).map(Number).filter((line) => marked.some((at) => Math.abs(at - line) <= 3));
  const isBlank = (/** @type {number | undefined} */ line) => line !== undefined && !byLine.has(line) && text(file.lines[line]).trim() === "";
  while (isBlank(shown[0])) shown.shift();
  while (isBlank(shown[shown.length - 1])) shown.pop();
  const indent = Math.min(...shown.filter((line) => text(file.lines[line]).trim() !== "").map((line) => {
    const code = text(file.lines[line]);
    return code.length - code.trimStart().length;
  }));
  const rows = h("div", { class: "quote-lines", style: `--digits: ${String(Math.max(...shown)).length}` });
  shown.forEach((line, index) => {
    if (index > 0 && line !== shown[index - 1] + 1) rows.append(h("div", { class: "gap", "aria-label": "lines left out" }, "⋯"));
    rows.append(...quotedLine(line, text(file.lines[line]), byLine.get(line) ?? [], Number.isFinite(indent) ? indent : 0));
  });
  const mainMark = marks.find((mark) => mark.main) ?? marks[marks.length - 1];
  return h("div", { class: "quote" }, h("p", { class: "quote-file" }, text(HEAD.places[mainMark.place].text)), rows);
}

/** @param {number} line @param {string} code @param {Marked[]} marks @param {number} indent @returns {HTMLElement[]} */
function quotedLine(line, code, marks, indent) {
  const spans = marks.map((mark) => {
    const [, , start, end] = /** @type {number[]} */ (HEAD.places[mark.place].quoted);
    return { start: Math.max(start - indent, 0), end: Math.max(end - indent, 0), main: mark.main };
  });
  const cut = code.slice(indent);
  const kind = marks.length === 0 ? "" : marks.some((mark) => mark.main) ? " has-main" : " has-side";
  const row = h("div", { class: `line${kind}` }, h("span", { class: "number" }, String(line)), codeLine(cut, spans));
  const labels = marks.map((mark, index) => h("div", { class: `line-label ${mark.main ? "main-label" : "side-label"}`, style: `--at: ${columns(cut.slice(0, spans[index].start))}` },
    h("span", {}, rich(mark.label))));
  return [row, ...labels];
}
