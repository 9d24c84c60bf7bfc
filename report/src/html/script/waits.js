"use strict";
// Who waits for whom, drawn: an arrow from a thread to what it asks for, and from a lock to the thread that holds it. A
// deadlock is a circle of arrows (R. C. Holt, "Some deadlock properties of computer systems", 1972).

const RING = { width: 300, height: 270, across: 98, down: 92, gap: 27 };

/** The name that a sentence about waiting begins with. @param {number | null} waits */
function waitedFor(waits) {
  return waits === null ? null : (/`([^`]+)`/.exec(text(waits)) ?? [])[1] ?? null;
}

/** @param {number} hold */
function heldName(hold) {
  return text(hold).replace(/ \(read\)$/, "");
}

/**
 * The arrows of a state. Threads are numbers, everything else is a name.
 * @param {Schedule} schedule @param {State[]} state @returns {{from: number | string, to: number | string, waits: boolean}[]}
 */
function arrows(schedule, state) {
  const names = schedule.lanes.map(text);
  const holds = state.flatMap(([lane, , held]) => held.map((hold) => ({ from: heldName(hold), to: lane, waits: false })));
  const waits = state.flatMap(([lane, , , wait]) => {
    const name = waitedFor(wait);
    if (name === null) return [];
    const thread = names.indexOf(name);
    const isThread = thread >= 0 && thread !== lane && !holds.some((hold) => hold.from === name);
    return [{ from: lane, to: isThread ? thread : name, waits: true }];
  });
  return [...holds, ...waits];
}

/** The nodes that lie on circles of arrows. @param {{from: number | string, to: number | string}[]} all @returns {Set<number | string>} */
function onCircles(all) {
  const reaches = (/** @type {number | string} */ from) => {
    /** @type {Set<number | string>} */
    const seen = new Set();
    const next = [from];
    for (let node = next.pop(); node !== undefined; node = next.pop())
      for (const arrow of all) if (arrow.from === node && !seen.has(arrow.to)) seen.add(arrow.to), next.push(arrow.to);
    return seen;
  };
  return new Set(all.map((arrow) => arrow.from).filter((node) => reaches(node).has(node)));
}

class Waits {
  static made = 0;

  /** @param {Schedule} schedule @param {State[][]} states @param {string[]} letters by lane */
  constructor(schedule, states, letters) {
    this.schedule = schedule;
    this.states = states;
    this.letters = letters;
    /** @type {Map<number | string, {x: number, y: number}>} */
    this.at = new Map();
    this.order().forEach((node, index, all) => {
      const angle = Math.PI + (2 * Math.PI * index) / all.length;
      this.at.set(node, { x: RING.width / 2 + RING.across * Math.cos(angle), y: RING.height / 2 - 6 + RING.down * Math.sin(angle) });
    });
    // Arrow heads are found by id, and not within what is hidden: those on paper have their own.
    Waits.made += 1;
    this.heads = `head-${Waits.made}`;
    this.element = h("figure", { class: "waits" });
  }

  /** Whether there is anything to draw: somebody waits in the end, and few enough take part. */
  isTelling() {
    const last = this.states[this.states.length - 1];
    return this.at.size <= 12 && arrows(this.schedule, last).some((arrow) => arrow.waits);
  }

  /** The nodes, those of the circle that closes in the end in its order. @returns {(number | string)[]} */
  order() {
    const last = arrows(this.schedule, this.states[this.states.length - 1]);
    const circle = onCircles(last);
    /** @type {(number | string)[]} */
    const order = [];
    /** @param {number | string} node */
    const walk = (node) => {
      if (order.includes(node)) return;
      order.push(node);
      for (const arrow of last) if (arrow.from === node && circle.has(arrow.to) === circle.has(node)) walk(arrow.to);
    };
    for (const node of circle) walk(node);
    for (const arrow of this.states.flatMap((state) => arrows(this.schedule, state))) for (const node of [arrow.from, arrow.to]) walk(node);
    return order;
  }

  /** @param {number} step */
  show(step) {
    const state = this.states[step];
    const all = arrows(this.schedule, state);
    const circle = onCircles(all);
    const closed = circle.size > 0;
    const lines = all.map((arrow) => this.arrow(arrow, circle.has(arrow.from) && circle.has(arrow.to)));
    const nodes = [...this.at].map(([node, { x, y }]) => typeof node === "number" ? this.thread(node, x, y) : this.lock(node, x, y, all.some((arrow) => arrow.from === node || arrow.to === node)));
    const said = all.map((arrow) => arrow.waits ? `${this.name(arrow.from)} waits for ${this.name(arrow.to)}` : `${this.name(arrow.to)} holds ${this.name(arrow.from)}`);
    this.element.replaceChildren(
      s("svg", { viewBox: `0 0 ${RING.width} ${RING.height}`, role: "img", "aria-label": said.join("; ") || "nobody holds or waits for anything" },
        s("defs", {}, ["hold", "wait", "closed"].map((kind) => s("marker", { id: `${this.heads}-${kind}`, class: `head-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, s("path", { d: "M0 0 8 4 0 8Z" })))),
        lines, nodes),
      h("figcaption", {}, closed ? h("strong", {}, "The circle is closed") : [h("span", { class: "key-hold" }, "held by"), h("span", { class: "key-wait" }, "waits for")]));
  }

  /** @param {number | string} node */
  name(node) {
    return typeof node === "number" ? text(this.schedule.lanes[node]) : node;
  }

  /** @param {{from: number | string, to: number | string, waits: boolean}} arrow @param {boolean} closed */
  arrow(arrow, closed) {
    const [from, to] = [arrow.from, arrow.to].map((node) => /** @type {{x: number, y: number}} */ (this.at.get(node)));
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
    // Nodes are wider than high: an arrow that comes from the side stops earlier.
    const gap = (/** @type {number | string} */ node) => typeof node === "number" ? RING.gap - 4 : RING.gap + 12 * Math.abs(dx);
    const kind = closed ? "closed" : arrow.waits ? "wait" : "hold";
    return s("line", { class: `arrow ${arrow.waits ? "wait" : "hold"}${closed ? " closed" : ""}`, "marker-end": `url(#${this.heads}-${kind})`,
      x1: from.x + dx * gap(arrow.from), y1: from.y + dy * gap(arrow.from), x2: to.x - dx * gap(arrow.to), y2: to.y - dy * gap(arrow.to) });
  }

  /** @param {number} lane @param {number} x @param {number} y */
  thread(lane, x, y) {
    return s("g", { class: "node-thread" }, s("title", {}, this.name(lane)),
      s("rect", { x: x - 15, y: y - 15, width: 30, height: 30, rx: 7 }), s("text", { x, y: y + 5 }, this.letters[lane]),
      s("text", { class: "under", x, y: y < RING.height / 2 - 30 ? y - 22 : y + 30 }, shortened(this.name(lane), 16)));
  }

  /** @param {string} name @param {number} x @param {number} y @param {boolean} busy */
  lock(name, x, y, busy) {
    const shown = shortened(name, 14);
    const width = Math.max(44, 16 + 7.4 * shown.length);
    return s("g", { class: `node-lock${busy ? " busy" : ""}` }, s("title", {}, name),
      s("rect", { x: x - width / 2, y: y - 14, width, height: 28, rx: 14 }), s("text", { x, y: y + 4.5 }, shown));
  }
}

/** @param {string} name @param {number} most */
function shortened(name, most) {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join("")}…`;
}
