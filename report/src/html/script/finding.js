"use strict";
// One finding: what is wrong, why it is true, what to do.

const SIGNS = /** @type {Record<string, string>} */ ({ error: "■", warning: "▲", note: "●", observed: "●", feasible: "◐", possible: "○" });
const MEANINGS = /** @type {Record<string, string>} */ ({
  observed: "It happened in the recorded run.",
  feasible: "It did not happen, but another order of this run's own events reaches it; that order was executed.",
  possible: "The pattern is there; this run neither proves nor refutes it.",
});

/** @param {string} severity */
function severityTag(severity) {
  return h("span", { class: `tag severity-${severity}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[severity]), severity);
}

/** @param {string} evidence */
function evidenceTag(evidence) {
  return h("span", { class: "tag evidence", title: MEANINGS[evidence] }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[evidence]), evidence);
}

/**
 * Letters for threads, the same everywhere on the page of a finding. Threads are told apart by name, and those of one name
 * by their order, which is the same everywhere.
 * @param {Detail} finding
 */
function lettering(finding) {
  /** @type {Map<string, string>} */
  const letters = new Map();
  /** @param {number[]} names */
  const list = (names) => names.map((name, index) => {
    const key = `${name} ${names.slice(0, index).filter((other) => other === name).length}`;
    if (!letters.has(key)) letters.set(key, letters.size < 26 ? String.fromCharCode(65 + letters.size) : String(letters.size + 1));
    return letters.get(key) ?? "?";
  });
  return {
    steps: list(finding.steps.map((step) => step.thread)),
    replay: list(finding.replay?.lanes ?? []),
    timeline: list((finding.timeline?.lanes ?? []).map((lane) => lane.name)),
  };
}

/** @param {string} title @param {string} name @param {...(Child | Child[])} children */
function section(title, name, ...children) {
  return h("section", { class: `part part-${name}`, "aria-labelledby": `part-${name}` }, h("h2", { id: `part-${name}` }, title), ...children);
}

/**
 * A finding as an element; `paper` for print, where everything is open and nothing moves.
 * @param {number} index @param {boolean} [paper]
 * @returns {{element: HTMLElement, stepper: Stepper | null}}
 */
function findingView(index, paper = false) {
  const entry = HEAD.findings[index];
  const finding = detail(index);
  const letters = lettering(finding);
  const timeline = finding.timeline ? new Timeline(finding.timeline, letters.timeline) : null;
  const stepper = finding.replay && finding.replay.rows.length
    ? new Stepper(finding.replay, letters.replay, (event) => timeline?.point(event), paper ? AROUND_ON_PAPER : AROUND) : null;
  if (paper && finding.replay && stepper) stepper.go(finding.replay.rows.length - 1, false);
  const element = h("article", { class: "finding" },
    heading(entry, finding),
    section(finding.steps.length === 2 ? "Both threads" : finding.steps.length === 1 ? "The thread" : "All threads", "threads",
      h("div", { class: "threads", style: `--threads: ${Math.min(finding.steps.length, 3)}` }, finding.steps.map((step, index) => threadView(step, letters.steps[index])))),
    reasons(finding),
    stepper && finding.replay ? section(finding.replay.predicted ? "How it happens, step by step" : "How it happened, step by step", "schedule", scheduleIntroduction(finding.replay), stepper.element)
      : finding.witness ? section("The schedule that proves it", "schedule", h("p", {}, `It has ${counted(finding.witness, "step")}. `, h("code", {}, `lockhound check --witness ${text(entry.id)}`), " prints it."))
      : null,
    timeline ? section("The recorded run around it", "timeline", timeline.element) : null,
    finding.drawing === undefined ? null : section("Lock order", "order", drawing(finding.drawing)),
    about(text(entry.rule), paper));
  return { element, stepper };
}

/** @param {Entry} entry @param {Detail} finding */
function heading(entry, finding) {
  const id = text(entry.id);
  return h("header", { class: "heading" },
    h("p", { class: "tags" }, severityTag(text(entry.severity)), h("span", { class: "rule-name" }, text(entry.rule)), evidenceTag(text(entry.evidence)),
      finding.pattern === undefined ? null : h("span", { class: "tag" }, text(finding.pattern)),
      finding.region === undefined ? null : h("span", { class: "tag" }, `${text(finding.region)} region`)),
    h("h1", { tabindex: "-1", id: "title" }, rich(text(entry.message))),
    finding.suppressed ? h("p", { class: "accepted" }, h("strong", {}, "Accepted. "), rich(text(finding.suppressed[0])), h("span", { class: "faint" }, ` (${text(finding.suppressed[1])})`)) : null,
    finding.notes.length ? h("p", { class: "lead" }, rich(sentence(text(finding.notes[0])))) : null,
    h("p", { class: "facts" },
      h("span", {}, rich(text(finding.seen))),
      h("span", {}, "id ", h("code", { class: "id" }, id), copyButton(id)),
      finding.objects.map((object) => h("span", {}, text(object.kind), " ", h("code", {}, text(object.name)), object.at === null ? null : h("span", { class: "faint" }, ` made at ${text(HEAD.places[object.at].text)}`)))),
    entry.runs > 1 ? h("details", { class: "seen" }, h("summary", {}, "Runs that show it"),
      h("ul", {}, finding.runs.map((run) => HEAD.runs[run] ? h("li", {}, rich(text(HEAD.runs[run].name)), HEAD.runs[run].name === HEAD.runs[run].path ? null : h("span", { class: "faint" }, ` ${text(HEAD.runs[run].path)}`)) : null),
        entry.runs > finding.runs.length ? h("li", { class: "faint" }, `and ${(entry.runs - finding.runs.length).toLocaleString("en")} more`) : null)) : null);
}

/** @param {string} id */
function copyButton(id) {
  const button = h("button", { type: "button", class: "copy", "aria-label": "Copy the id", title: "Copy the id", click: () => {
    navigator.clipboard?.writeText(id).then(() => { button.textContent = "copied"; }, () => {});
  } }, "copy");
  return button;
}

/** @param {Part} step @param {string} letter */
function threadView(step, letter) {
  const name = text(step.thread);
  const known = step.places.filter(([place]) => place !== null);
  const marks = known.map(([place, , label], index) => ({ place: /** @type {number} */ (place), label: text(label), main: index === known.length - 1 && step.places[step.places.length - 1][0] !== null }));
  const unknown = step.places.filter(([place]) => place === null);
  return h("section", { class: "thread", "aria-label": name },
    h("header", {}, badge(letter), h("bdi", { class: "thread-name" }, name), text(step.id) === name ? null : h("span", { class: "faint" }, text(step.id)),
      step.run === undefined || !HEAD.runs[step.run] ? null : h("span", { class: "faint" }, "in ", rich(text(HEAD.runs[step.run].name)))),
    text(step.story) ? h("p", { class: "story" }, rich(sentence(text(step.story)))) : null,
    quotes(marks),
    unknown.map(([, event, label]) => h("p", { class: "label main-label" }, rich(text(label)), h("span", { class: "faint" }, ` (event ${event})`))),
    step.stack.length ? h("details", { class: "stack", open: true }, h("summary", {}, `Called through ${counted(step.stack.length, "frame")}`),
      h("ol", {}, step.stack.map((frame) => stackFrame(text(frame))))) : null);
}

/** @param {string} frame "function at file:line:column" */
function stackFrame(frame) {
  const at = frame.lastIndexOf(" at ");
  return at < 0 ? h("li", {}, frame) : h("li", {}, h("span", { class: "function" }, frame.slice(0, at)), h("span", { class: "faint" }, frame.slice(at + 4)));
}

/** @param {Detail} finding */
function reasons(finding) {
  const why = finding.notes.slice(1);
  const points = (/** @type {number[]} */ ids) => h("ul", {}, ids.map((id) => h("li", {}, rich(sentence(text(id))))));
  if (why.length + finding.help.length === 0) return null;
  return h("div", { class: "reasons" },
    why.length ? section("Why it is true", "why", points(why)) : null,
    finding.help.length ? section("What to do", "help", points(finding.help)) : null);
}

/** @param {Schedule} schedule */
function scheduleIntroduction(schedule) {
  const shown = schedule.rows.filter((row) => row.number !== undefined).length;
  const left = schedule.steps - shown;
  return h("p", { class: "introduction" },
    schedule.predicted ? "An order of this run's own events, executed by the checker. " : "The end of the recorded run. ",
    left > 0 ? `${counted(schedule.steps, "step")}, of which the ${shown.toLocaleString("en")} that matter are shown.` : `${counted(schedule.steps, "step")}.`);
}

/** @param {number} id */
function drawing(id) {
  const template = /** @type {HTMLTemplateElement} */ (byId(`drawing-${id}`));
  return h("figure", { class: "drawing", tabindex: "0" }, template.content.cloneNode(true),
    h("figcaption", {}, "An arrow leads from a lock that is held to the one that is asked for meanwhile."));
}

/** @param {string} rule @param {boolean} open */
function about(rule, open) {
  const template = document.getElementById(`rule-${rule}`);
  if (!(template instanceof HTMLTemplateElement) || open) return null;
  return h("details", { class: "about" }, h("summary", {}, h("h2", {}, "About ", h("code", {}, rule))), h("div", { class: "rule-page" }, template.content.cloneNode(true)));
}
