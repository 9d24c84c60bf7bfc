"use strict";
// The recorded run around a finding: a lane a thread, a lane a lock, time in events.

class Timeline {
  /** @param {Stretch} stretch @param {string[]} letters by lane */
  constructor(stretch, letters) {
    this.stretch = stretch;
    this.letters = letters;
    this.cursor = h("div", { class: "cursor", hidden: true });
    /** @type {{event: number, lane: number, text: string}[]} */
    this.marks = stretch.lanes.flatMap((lane, index) => lane.marks.map(([event, words]) => ({ event, lane: index, text: text(words) })))
      .sort((a, b) => a.event - b.event || a.lane - b.lane);
    const lanes = stretch.lanes.map((lane, index) => this.lane(lane, index));
    const locks = stretch.locks.map((lock) => this.lock(lock));
    this.element = h("div", { class: "timeline" },
      legend(),
      h("div", { class: "tracks", tabindex: "0", role: "img", "aria-label": `Timeline of events ${stretch.from} to ${stretch.to}; the same in words below` },
        h("div", { class: "tracks-inner" },
          this.axis(),
          lanes,
          locks.length ? h("p", { class: "tracks-title" }, "Locks and who has them") : null,
          locks,
          h("div", { class: "over" }, this.cursor))),
      this.marks.length ? h("ol", { class: "marks" }, this.marks.map((mark) => h("li", {}, h("span", { class: "mark-place" }, `event ${mark.event}`), badge(letters[mark.lane]), h("span", {}, rich(mark.text))))) : null,
      this.words());
  }

  /** Where an event lies, in percent. @param {number} event */
  x(event) {
    const { from, to } = this.stretch;
    return Math.max(0, Math.min(100, ((event - from) / Math.max(1, to - from)) * 100));
  }

  /** @param {number} from @param {number} to */
  extent(from, to) {
    return `left: ${this.x(from).toFixed(3)}%; width: ${(this.x(to) - this.x(from)).toFixed(3)}%`;
  }

  /** Whether a word fits into a span. @param {number} from @param {number} to */
  hasRoom(from, to) {
    return this.x(to) - this.x(from) > 3.2;
  }

  axis() {
    const { from, to } = this.stretch;
    const steps = [1, 2, 5].flatMap((n) => [...Array(10).keys()].map((p) => n * 10 ** p)).sort((a, b) => a - b);
    const step = steps.find((s) => (to - from) / s <= 10) ?? to - from;
    const ticks = [];
    for (let event = Math.ceil(from / step) * step; event < to; event += step)
      ticks.push(h("span", { class: "tick", style: `left: ${this.x(event).toFixed(3)}%` }, String(event)));
    return h("div", { class: "track axis" }, h("div", { class: "track-name" }, "event"), h("div", { class: "track-time" }, ticks));
  }

  /** @param {Track} lane @param {number} index */
  lane(lane, index) {
    const name = text(lane.name);
    const spans = lane.spans.map(([from, to, life, words]) => {
      const said = text(words) || LIVES[life];
      return h("div", { class: `span life-${LIVES[life]}`, style: this.extent(from, to), title: `${LIVES[life]}: ${said} (events ${from} to ${to})` },
        this.hasRoom(from, to) ? h("span", { class: "span-text" }, plain(said)) : null);
    });
    const marks = this.marks.map((mark, number) => mark.lane !== index ? null :
      h("div", { class: "flag", style: `left: ${this.x(mark.event + 0.5).toFixed(3)}%`, title: mark.text }, String(number + 1)));
    return h("div", { class: "track" },
      h("div", { class: "track-name" }, badge(this.letters[index]), h("bdi", {}, name)),
      h("div", { class: "track-time" }, spans, marks));
  }

  /** @param {LockTrack} lock */
  lock(lock) {
    const spans = lock.spans.map(([from, to, lane, read]) => {
      const who = lane === null ? "another thread" : text(this.stretch.lanes[lane].name);
      return h("div", { class: `span hold${read ? " read" : ""}`, style: this.extent(from, to), title: `${who}${read ? " reads" : ""} (events ${from} to ${to})` },
        this.hasRoom(from, to) ? [lane === null ? null : badge(this.letters[lane]), h("span", { class: "span-text" }, read ? `${who} (read)` : who)] : null);
    });
    return h("div", { class: "track lock" }, h("div", { class: "track-name" }, h("code", {}, text(lock.name))), h("div", { class: "track-time" }, spans));
  }

  /** The same for those who cannot see it. */
  words() {
    const row = (/** @type {string} */ who, /** @type {number} */ from, /** @type {number} */ to, /** @type {Child[]} */ what) =>
      h("tr", {}, h("th", { scope: "row" }, who), h("td", {}, `${from} to ${to}`), h("td", {}, what));
    const rows = () => [
      ...this.stretch.lanes.flatMap((lane) => lane.spans.map(([from, to, life, words]) => row(text(lane.name), from, to, [LIVES[life], text(words) ? ": " : "", ...rich(text(words))]))),
      ...this.stretch.locks.flatMap((lock) => lock.spans.map(([from, to, lane, read]) => row(text(lock.name), from, to, [`${read ? "read" : "held"} by ${lane === null ? "another thread" : text(this.stretch.lanes[lane].name)}`]))),
    ];
    const body = h("tbody");
    const details = h("details", { class: "words", toggle: () => { if (!body.firstChild) body.append(...rows()); } },
      h("summary", {}, "In words"),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "who"), h("th", {}, "events"), h("th", {}, "what"))), body));
    return details;
  }

  /** Shows where a step of the schedule was recorded. @param {number} event */
  point(event) {
    const inside = event >= this.stretch.from && event < this.stretch.to;
    this.cursor.toggleAttribute("hidden", !inside);
    this.cursor.style.left = `${this.x(event + 0.5)}%`;
  }
}

function legend() {
  return h("ul", { class: "legend", "aria-label": "Legend" },
    LIVES.map((life) => h("li", {}, h("span", { class: `swatch life-${life}` }), life)),
    h("li", {}, h("span", { class: "swatch hold" }), "lock held"),
    h("li", {}, h("span", { class: "swatch hold read" }), "lock shared by readers"));
}

/** @param {string} words */
function plain(words) {
  return words.replaceAll("`", "");
}
