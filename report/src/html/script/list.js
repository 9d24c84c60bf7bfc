"use strict";
// The list of findings. Only the rows in view are elements, so that ten thousand scroll as ten do.

/** Height of a row, which the style sheet knows too. */
const ROW = 94;
/** Rows made beyond either edge of the view. */
const MARGIN = 6;

class List {
  /** @param {(finding: number) => void} choose */
  constructor(choose) {
    this.box = byId("list");
    this.rows = byId("rows");
    this.choose = choose;
    /** Findings that pass the filters, by position in the list. @type {number[]} */
    this.shown = [];
    /** @type {number | null} */
    this.selected = null;
    /** What a finding is searched by, made when first searched. @type {string[] | null} */
    this.words = null;
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** @param {{words: string, rule: string, evidence: string, severities: Set<string>, suppressed: string}} filter */
  filter(filter) {
    const wanted = filter.words.toLowerCase().split(/\s+/).filter((word) => word !== "");
    if (wanted.length) this.words ??= HEAD.findings.map(searchable);
    const words = this.words ?? /** @type {string[]} */ ([]);
    this.shown = [...HEAD.findings.keys()].filter((index) => {
      const entry = HEAD.findings[index];
      return (filter.rule === "" || text(entry.rule) === filter.rule)
        && (filter.evidence === "" || text(entry.evidence) === filter.evidence)
        && filter.severities.has(text(entry.severity))
        && (filter.suppressed === "show" || Boolean(entry.suppressed) === (filter.suppressed === "only"))
        && wanted.every((word) => words[index].includes(word));
    });
    this.rows.style.height = `${this.shown.length * ROW}px`;
    this.draw(true);
  }

  draw(anew = false) {
    if (this.box.clientHeight === 0) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - MARGIN);
    const last = Math.min(this.shown.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW) + MARGIN);
    const kept = new Map(anew ? [] : [...this.rows.children].map((row) => [Number(row.getAttribute("data-at")), row]));
    const rows = [];
    for (let at = first; at < last; at += 1) rows.push(kept.get(at) ?? this.row(at));
    this.rows.replaceChildren(...rows);
    for (const row of rows) row.setAttribute("aria-selected", String(Number(row.getAttribute("data-finding")) === this.selected));
    const active = this.selected !== null && document.getElementById(`row-${this.selected}`);
    if (active) this.box.setAttribute("aria-activedescendant", active.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  /** @param {number} at */
  row(at) {
    const index = this.shown[at];
    const entry = HEAD.findings[index];
    const severity = text(entry.severity);
    const where = entry.places.length ? text(HEAD.places[entry.places[0]].text) : "";
    return h("div", { class: `row${entry.suppressed ? " is-suppressed" : ""}`, role: "option", id: `row-${index}`, "data-at": at, "data-finding": index, style: `top: ${at * ROW}px`,
      "aria-setsize": this.shown.length, "aria-posinset": at + 1, "aria-selected": "false", click: () => this.choose(index) },
      h("span", { class: `sign severity-${severity}`, title: severity }, h("span", { "aria-hidden": "true" }, SIGNS[severity]), h("span", { class: "hidden" }, severity)),
      h("span", { class: "row-rule" }, text(entry.rule)),
      h("span", { class: "row-evidence" }, text(entry.evidence)),
      h("span", { class: "row-message" }, rich(text(entry.message))),
      h("span", { class: "row-where" }, h("bdi", {}, where)),
      entry.suppressed ? h("span", { class: "row-runs" }, "suppressed") : HEAD.runs.length > 1 ? h("span", { class: "row-runs" }, `${entry.runs.toLocaleString("en")} of ${counted(HEAD.runs.length, "run")}`) : null);
  }

  /** @param {number | null} finding */
  select(finding) {
    this.selected = finding;
    const at = finding === null ? -1 : this.shown.indexOf(finding);
    if (at >= 0) {
      const top = at * ROW;
      if (top < this.box.scrollTop) this.box.scrollTop = top;
      else if (top + ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + ROW - this.box.clientHeight;
    }
    this.draw();
  }

  /** The finding `by` rows from the selected one; the first if none is selected. @param {number} by @returns {number | undefined} */
  next(by) {
    const at = this.selected === null ? -1 : this.shown.indexOf(this.selected);
    if (at < 0) return this.shown[0];
    return this.shown[Math.max(0, Math.min(this.shown.length - 1, at + by))];
  }
}

/** @param {Entry} entry */
function searchable(entry) {
  const parts = [entry.id, entry.rule, entry.evidence, entry.message, ...entry.names].map(text);
  return [...parts, ...entry.places.map((place) => text(HEAD.places[place].text))].join("\n").toLowerCase();
}

/** The fields over the list. @param {() => void} changed */
function filters(changed) {
  const search = /** @type {HTMLInputElement} */ (byId("search"));
  const rule = /** @type {HTMLSelectElement} */ (byId("rule"));
  const evidence = /** @type {HTMLSelectElement} */ (byId("evidence"));
  const suppressed = /** @type {HTMLSelectElement} */ (byId("suppressed"));
  const severities = new Set(["error", "warning", "note"]);
  const tally = (/** @type {(entry: Entry) => number} */ key) => {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const entry of HEAD.findings) counts.set(text(key(entry)), (counts.get(text(key(entry))) ?? 0) + 1);
    return counts;
  };
  const options = (/** @type {HTMLSelectElement} */ select, /** @type {string} */ all, /** @type {Map<string, number>} */ counts) => {
    select.append(h("option", { value: "" }, all), ...[...counts].map(([name, count]) => h("option", { value: name }, `${name} (${count.toLocaleString("en")})`)));
    select.disabled = counts.size < 2;
  };
  options(rule, "every rule", tally((entry) => entry.rule));
  options(evidence, "any evidence", tally((entry) => entry.evidence));
  const counts = tally((entry) => entry.severity);
  byId("severities").append(...["error", "warning", "note"].map((severity) => {
    const button = h("button", { type: "button", class: `facet severity-${severity}`, "aria-pressed": "true", hidden: !counts.get(severity), click: () => {
      if (!severities.delete(severity)) severities.add(severity);
      button.setAttribute("aria-pressed", String(severities.has(severity)));
      changed();
    } }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[severity]), ` ${counted(counts.get(severity) ?? 0, severity)}`);
    return button;
  }));
  byId("suppressed-label").hidden = !HEAD.findings.some((entry) => entry.suppressed);
  for (const field of [search, rule, evidence, suppressed]) field.addEventListener("input", changed);
  return {
    read: () => ({ words: search.value, rule: rule.value, evidence: evidence.value, severities, suppressed: suppressed.value }),
    /** @param {string} wantedRule @param {string} wantedEvidence */
    set: (wantedRule, wantedEvidence) => {
      rule.value = wantedRule;
      evidence.value = wantedEvidence;
      search.value = "";
      changed();
    },
    clear: () => {
      search.value = "";
      changed();
    },
    search,
  };
}
