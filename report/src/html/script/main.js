"use strict";
// The page: what is selected, and which key does what.

/** With more findings than these, paper carries the list and the one that is selected. */
const PRINTED = 40;

class Page {
  constructor() {
    this.theme = new Theme();
    this.main = byId("main");
    this.keys = /** @type {HTMLDialogElement} */ (byId("keys"));
    /** @type {Stepper | null} */
    this.stepper = null;
    this.list = new List((finding) => this.open(finding));
    this.filters = filters(() => this.filter());
    byId("verdict").append(...this.counts());
    byId("overview-button").addEventListener("click", () => this.overview());
    byId("keys-button").addEventListener("click", () => this.keys.showModal());
    byId("back").addEventListener("click", () => this.showList());
    byId("skip").addEventListener("click", () => byId("title").focus());
    document.addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.route());
    addEventListener("beforeprint", () => this.print());
    addEventListener("afterprint", () => byId("paper").replaceChildren());
    this.filter();
    this.route();
  }

  counts() {
    const { errors, warnings, notes, suppressed } = HEAD.summary;
    const count = (/** @type {number} */ number, /** @type {string} */ name) => number === 0 ? null :
      h("span", { class: `severity-${name}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[name]), ` ${counted(number, name)}`);
    return [count(errors, "error"), count(warnings, "warning"), count(notes, "note"),
      errors + warnings + notes === 0 ? h("span", {}, "nothing found") : null,
      suppressed ? h("span", { class: "faint" }, `${suppressed.toLocaleString("en")} suppressed`) : null,
      h("span", { class: "faint" }, `in ${counted(HEAD.runs.length, "run")}`)].filter((it) => it !== null);
  }

  filter() {
    this.list.filter(this.filters.read());
    const shown = this.list.shown.length;
    byId("count").textContent = shown === HEAD.findings.length ? counted(shown, "finding") : `${shown.toLocaleString("en")} of ${counted(HEAD.findings.length, "finding")}`;
  }

  /** Shows what the page's address names: a finding, or the overview. */
  route() {
    const address = decodeURIComponent(location.hash.slice(1));
    const finding = ADDRESSES.indexOf(address);
    const first = this.list.shown[0];
    if (finding >= 0) this.open(finding);
    else if (address === "overview" || first === undefined) this.overview();
    else this.open(first, false);
  }

  /** @param {string} address */
  remember(address) {
    try {
      history.replaceState(null, "", `#${address}`);
    } catch {
      // Some viewers of files have no address: then it is not kept.
    }
  }

  /** @param {number} finding @param {boolean} [asked] whether somebody asked for this one */
  open(finding, asked = true) {
    this.stepper?.stop();
    const view = findingView(finding);
    this.stepper = view.stepper;
    this.show(view.element);
    this.list.select(finding);
    if (asked) {
      this.remember(ADDRESSES[finding]);
      byId("panes").classList.add("reading");
    }
  }

  overview() {
    this.stepper?.stop();
    this.stepper = null;
    this.show(overviewView((rule, evidence) => {
      this.filters.set(rule, evidence);
      if (this.list.shown.length) this.open(this.list.shown[0]);
      this.showList();
    }));
    this.list.select(null);
    this.remember("overview");
    byId("panes").classList.add("reading");
  }

  /** @param {HTMLElement} element */
  show(element) {
    this.main.replaceChildren(element);
    this.main.scrollTop = 0;
  }

  showList() {
    byId("panes").classList.remove("reading");
    this.list.draw();
    byId("list").focus();
  }

  /** @param {number} by */
  move(by) {
    const finding = this.list.next(by);
    if (finding !== undefined && finding !== this.list.selected) this.open(finding);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.keys.open) return;
    if (event.key === "Escape") {
      this.filters.clear();
      byId("list").focus();
      return event.preventDefault();
    }
    if (isTyping(event.target)) {
      if (event.target === this.filters.search && event.key === "Enter") byId("list").focus();
      return;
    }
    if (this.inList(event) || this.stepper?.key(event) || this.anywhere(event)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  inList(event) {
    if (document.activeElement !== byId("list")) return false;
    const page = Math.max(1, Math.floor(byId("list").clientHeight / ROW) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined) this.move(by);
    else if (event.key === "Enter") byId("title").focus();
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  anywhere(event) {
    const acts = /** @type {Record<string, () => void>} */ ({
      j: () => this.move(1),
      k: () => this.move(-1),
      "/": () => { this.showList(); this.filters.search.focus(); },
      o: () => this.overview(),
      t: () => this.theme.next(),
      "?": () => this.keys.showModal(),
    });
    acts[event.key]?.();
    return event.key in acts;
  }

  /** Paper has no lists to choose from: it carries every finding, or if those are too many, their list and the one selected. */
  print() {
    const all = this.list.shown.length <= PRINTED;
    const findings = all ? this.list.shown : this.list.selected === null ? [] : [this.list.selected];
    byId("paper").replaceChildren(
      h("header", { class: "paper-head" }, h("p", { class: "brand" }, "Lockhound"), h("p", { class: "verdict" }, this.counts())),
      h("table", { class: "paper-list" }, h("thead", {}, h("tr", {}, ["Severity", "Rule", "Evidence", "What", "Id"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, this.list.shown.map((index) => {
          const entry = HEAD.findings[index];
          return h("tr", {}, h("td", {}, severityTag(text(entry.severity))), h("td", {}, text(entry.rule)), h("td", {}, text(entry.evidence)), h("td", {}, rich(text(entry.message))), h("td", {}, h("code", {}, text(entry.id).slice(0, 8))));
        }))),
      ...findings.map((finding) => findingView(finding, true).element));
  }
}

new Page();
