"use strict";
// The recorded run around a finding: a lane a thread, a lane a lock, time in events.

/** @typedef {{from: number, to: number, look: string, said: string, label: () => Child | Child[]}} Extent */

class Timeline {
  /** @param {Stretch} stretch @param {string[]} letters by lane */
  constructor(stretch, letters) {
    this.stretch = stretch;
    this.letters = letters;
    const left = stretch.gaps.reduce((sum, [start, end]) => sum + end - start, 0);
    const shown = stretch.to - stretch.from - left;
    /** How long a stretch that is not shown is drawn, in events. */
    this.short = Math.max(2, shown / 20);
    this.length = shown + stretch.gaps.length * this.short;
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
          h("div", { class: "over" }, stretch.gaps.map(([start, end]) => h("div", { class: "gap", style: this.extent(start, end) }, "⋯")), this.cursor))),
      this.marks.length ? h("ol", { class: "marks" }, this.marks.map((mark) => h("li", {}, h("span", { class: "mark-place" }, `event ${mark.event}`), badge(letters[mark.lane]), h("span", {}, rich(mark.text))))) : null,
      this.words());
  }

  /** Where an event lies, in percent: what is not shown is drawn short. @param {number} event */
  x(event) {
    const { from, gaps } = this.stretch;
    let at = event - from;
    for (const [start, end] of gaps) {
      if (event <= start) break;
      at -= (Math.min(event, end) - start) * (1 - this.short / (end - start));
    }
    return Math.max(0, Math.min(100, (at / Math.max(1, this.length)) * 100));
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
    const { from, to, gaps } = this.stretch;
    const steps = [1, 2, 5].flatMap((n) => [...Array(10).keys()].map((p) => n * 10 ** p)).sort((a, b) => a - b);
    const step = steps.find((s) => this.length / s <= 10) ?? this.length;
    const starts = [from, ...gaps.map((gap) => gap[1])];
    const ends = [...gaps.map((gap) => gap[0]), to];
    const ticks = [];
    let last = -100;
    for (const [index, start] of starts.entries()) {
      for (let event = index ? start : Math.ceil(start / step) * step; event < ends[index]; event = (Math.floor(event / step) + 1) * step) {
        const at = this.x(event);
        // Numbers after a gap can be long, and stretches short.
        if (gaps.length && at - last < 7) continue;
        last = at;
        ticks.push(h("span", { class: "tick", style: `left: ${at.toFixed(3)}%` }, String(event)));
      }
    }
    return h("div", { class: "track axis" }, h("div", { class: "track-name" }, "event"), h("div", { class: "track-time" }, ticks));
  }

  /** @param {Track} lane @param {number} index */
  lane(lane, index) {
    const spans = lane.spans.map(([from, to, life, words]) => ({ from, to, look: `life-${LIVES[life]}`, said: `${LIVES[life]}: ${text(words) || LIVES[life]}`,
      label: () => h("span", { class: "span-text" }, plain(text(words) || LIVES[life])) }));
    const marks = this.marks.map((mark, number) => mark.lane !== index ? null :
      h("div", { class: "flag", style: `left: ${this.x(mark.event + 0.5).toFixed(3)}%`, title: mark.text }, String(number + 1)));
    return h("div", { class: "track" },
      h("div", { class: "track-name" }, badge(this.letters[index]), h("bdi", {}, text(lane.name))),
      this.row(spans, marks));
  }

  /** @param {LockTrack} lock */
  lock(lock) {
    const spans = lock.spans.map(([from, to, lane, read]) => {
      const who = lane === null ? "another thread" : text(this.stretch.lanes[lane].name);
      return { from, to, look: `hold${read ? " read" : ""}`, said: `${who}${read ? " reads" : ""}`,
        label: () => [lane === null ? null : badge(this.letters[lane]), h("span", { class: "span-text" }, read ? `${who} (read)` : who)] };
    });
    return h("div", { class: "track lock" }, h("div", { class: "track-name" }, h("code", {}, text(lock.name))), this.row(spans, []));
  }

  /**
   * Spans side by side. An element each would be thousands: those too small for a word share one a look, which shows only
   * where they are, and what lies under the pointer is found when it is there.
   * @param {Extent[]} spans @param {Child[]} marks
   */
  row(spans, marks) {
    const large = spans.filter((span) => this.hasRoom(span.from, span.to));
    const small = spans.filter((span) => !this.hasRoom(span.from, span.to));
    const looks = [...new Set(small.map((span) => span.look))];
    const row = h("div", { class: "track-time", pointermove: (/** @type {PointerEvent} */ event) => {
      const area = row.getBoundingClientRect();
      const at = ((event.clientX - area.left) / area.width) * 100;
      const under = spans.filter((span) => this.x(span.from) <= at && at < this.x(span.to));
      row.title = under.map((span) => `${span.said} (events ${span.from} to ${span.to})`).join("\n");
    } },
      looks.map((look) => h("div", { class: `span small ${look}`, style: `clip-path: polygon(${small.filter((span) => span.look === look).map((span) => this.corners(span)).join()})` })),
      large.map((span) => h("div", { class: `span ${span.look}`, style: this.extent(span.from, span.to) }, span.label())), marks);
    return row;
  }

  /** From the upper left corner round to the upper right one. @param {Extent} span */
  corners(span) {
    const from = this.x(span.from);
    // As wide as can be seen, however long the run is.
    const [left, right] = [from.toFixed(3), Math.max(this.x(span.to), from + 0.1).toFixed(3)];
    return `${left}% 0,${left}% 100%,${right}% 100%,${right}% 0`;
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
