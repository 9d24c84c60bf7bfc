"use strict";
// What all runs say together.

/** @param {(rule: string, evidence: string) => void} choose shows the findings of a rule */
function overviewView(choose) {
  const { summary, runs, warnings, refuted } = HEAD;
  const events = runs.reduce((sum, run) => sum + run.events, 0);
  return h("article", { class: "finding overview" },
    h("header", { class: "heading" },
      h("h1", { tabindex: "-1", id: "title" }, verdict()),
      h("p", { class: "facts" },
        h("span", {}, counted(runs.length, "run")), h("span", {}, `${counted(events, "event")} recorded`),
        summary.suppressed ? h("span", {}, `${summary.suppressed.toLocaleString("en")} suppressed`) : null,
        summary.refuted ? h("span", {}, `${counted(summary.refuted, "pattern")} refuted`) : null)),
    warnings.length ? section("Warnings", "warnings", h("ul", {}, warnings.map((warning) => h("li", {}, rich(text(warning)))))) : null,
    HEAD.findings.length ? section("Findings by rule", "rules", ruleTable(choose)) : null,
    HEAD.drawing === undefined ? null : section("Lock orders in cycles", "order", drawing(HEAD.drawing)),
    runs.length ? section("Runs", "runs", runTable(runs)) : null,
    refuted?.length ? section("Refuted: what looks wrong and is not", "refuted", h("ul", { class: "refuted" }, refuted.map((one) =>
      h("li", {}, h("p", {}, h("span", { class: "rule-name" }, text(one.rule)), " ", rich(text(one.message))),
        h("p", { class: "faint" }, "Refuted: ", rich(text(one.reason))),
        h("p", { class: "faint places" }, one.places.map((place) => h("code", {}, text(HEAD.places[place].text)))))))) : null);
}

function verdict() {
  const { errors, warnings, notes } = HEAD.summary;
  const parts = [[errors, "error"], [warnings, "warning"], [notes, "note"]].filter(([count]) => count).map(([count, name]) => counted(Number(count), String(name)));
  return parts.length ? listed(parts) : "Nothing found";
}

/** @param {(rule: string, evidence: string) => void} choose */
function ruleTable(choose) {
  const kinds = ["observed", "feasible", "possible"];
  /** @type {Map<string, number[]>} */
  const counts = new Map();
  for (const entry of HEAD.findings) {
    if (entry.suppressed) continue;
    const rule = text(entry.rule);
    const row = counts.get(rule) ?? [0, 0, 0];
    row[kinds.indexOf(text(entry.evidence))] += 1;
    counts.set(rule, row);
  }
  const cell = (/** @type {string} */ rule, /** @type {number} */ count, /** @type {string} */ kind) => h("td", {}, count === 0 ? h("span", { class: "nothing" }, "–") :
    h("button", { type: "button", class: "link", "aria-label": `${count} ${kind} ${rule}`, click: () => choose(rule, kind) }, count.toLocaleString("en")));
  return h("div", { class: "scroll" }, h("table", { class: "numbers" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Rule"), kinds.map((kind) => h("th", { scope: "col", title: MEANINGS[kind] }, kind)))),
    h("tbody", {}, [...counts].map(([rule, row]) => h("tr", {}, h("th", { scope: "row" }, rule), row.map((count, kind) => cell(rule, count, kinds[kind])))))));
}

/** How many runs are listed at once. */
const RUNS_SHOWN = 200;

/** @param {Run[]} runs */
function runTable(runs) {
  const row = (/** @type {Run} */ run) => h("tr", {},
    h("th", { scope: "row" }, rich(text(run.name)), run.name === run.path ? null : h("div", { class: "faint path" }, text(run.path)), run.problems.map((problem) => h("div", { class: "problem" }, rich(text(problem))))),
    [run.events, run.threads, run.objects].map((count) => h("td", {}, count.toLocaleString("en"))));
  const body = h("tbody", {}, runs.slice(0, RUNS_SHOWN).map(row));
  const more = runs.length > RUNS_SHOWN ? h("button", { type: "button", class: "quiet", click: () => { body.append(...runs.slice(RUNS_SHOWN).map(row)); more?.remove(); } }, `Show all ${runs.length.toLocaleString("en")}`) : null;
  return h("div", { class: "scroll" }, h("table", { class: "numbers" },
    h("thead", {}, h("tr", {}, ["Run", "Events", "Threads", "Objects"].map((name) => h("th", { scope: "col" }, name)))), body), more);
}
