"use strict";
// A schedule, step by step: who moves, and how everyone stands afterwards.

/** How long a step is shown while it plays, in milliseconds. */
const PACE = 1400;

/** So many steps before and after the one that is shown are elements; on paper rather more. */
const AROUND = 60;
const AROUND_ON_PAPER = 250;

/**
 * How the lanes stand after each row: each row says only what differs from the one before.
 * @param {Schedule} schedule @returns {State[][]}
 */
function standings(schedule) {
  /** @type {State[]} */
  let now = schedule.lanes.map((_, lane) => [lane, 0, [], null, null]);
  return schedule.rows.map((row) => {
    now = now.slice();
    for (const state of row.after ?? []) now[state[0]] = state;
    return now;
  });
}

/** The part of a finding that is a schedule. */
class Stepper {
  /** @param {Schedule} schedule @param {string[]} letters by lane @param {(event: number) => void} moved @param {number} [around] */
  constructor(schedule, letters, moved, around = AROUND) {
    this.schedule = schedule;
    this.letters = letters;
    this.moved = moved;
    this.states = standings(schedule);
    this.around = around;
    this.at = 0;
    /** @type {ReturnType<typeof setInterval> | null} */
    this.timer = null;
    this.slider = /** @type {HTMLInputElement} */ (h("input", { type: "range", min: "1", max: String(schedule.rows.length), value: "1", "aria-label": "Step",
      input: () => this.go(Number(this.slider.value) - 1, true) }));
    this.playButton = h("button", { type: "button", class: "control play", "aria-keyshortcuts": "p", click: () => this.toggle() });
    this.firstButton = this.control("⏮", "First step", () => this.go(0, true));
    this.backButton = this.control("◀", "Step back", () => this.go(this.at - 1, true));
    this.forwardButton = this.control("▶", "Step forward", () => this.go(this.at + 1, true));
    this.lastButton = this.control("⏭", "Last step", () => this.go(schedule.rows.length - 1, true));
    this.position = h("output", { class: "position" });
    this.cards = h("div", { class: "cards", style: `--lanes: ${schedule.lanes.length}` });
    /** Made when first in view. @type {(HTMLElement | undefined)[]} */
    this.rows = [];
    this.track = h("ol", { class: "turns", style: `--lanes: ${schedule.lanes.length}` });
    const waits = new Waits(schedule, this.states, letters);
    this.waits = waits.isTelling() ? waits : null;
    this.says = h("p", { class: "says", role: "status" });
    this.end = h("p", { class: "end" }, h("span", { class: "end-sign", "aria-hidden": "true" }, "■"), h("span", {}, rich(sentence(text(schedule.end)))));
    this.element = h("div", { class: "stepper", role: "group", "aria-label": "Schedule, step by step" },
      h("div", { class: "controls" }, this.firstButton, this.backButton, this.playButton, this.forwardButton, this.lastButton, this.slider, this.position),
      this.says,
      h("div", { class: `scene${this.waits ? " with-waits" : ""}` }, h("div", { class: "stage" }, this.cards, this.track), this.waits?.element),
      this.end);
    this.go(0, false);
  }

  /** @param {string} sign @param {string} name @param {() => void} act */
  control(sign, name, act) {
    return h("button", { type: "button", class: "control", "aria-label": name, title: name, click: () => { this.pause(); act(); } }, h("span", { "aria-hidden": "true" }, `${sign}\ufe0e`));
  }

  /** @param {Turn} row @param {number} index */
  row(row, index) {
    const place = row.at === undefined ? null : HEAD.places[row.at];
    const quoted = place?.quoted ? text(HEAD.files[place.quoted[0]].lines[place.quoted[1]]).trim() : "";
    return h("li", { class: `turn${row.number === undefined ? " claimed" : ""}` },
      row.skipped ? h("p", { class: "skipped" }, `${counted(row.skipped, "step")} left out`) : null,
      h("button", { type: "button", class: "move", tabindex: "-1", style: `--lane: ${row.lane + 1}`, click: () => { this.pause(); this.go(index, true); } },
        h("span", { class: "move-head" },
          h("span", { class: "move-number" }, row.number === undefined ? "next" : String(row.number)),
          h("span", { class: "move-text" }, badge(this.letters[row.lane]), " ", rich(text(row.text)))),
        quoted ? h("span", { class: "move-code" }, quoted) : null,
        place ? h("span", { class: "move-at" }, text(place.text)) : null,
        row.assumes === undefined ? null : h("span", { class: "assumes" }, "assumes: ", rich(text(row.assumes)))));
  }

  /** @param {State} state @param {boolean} moves */
  card(state, moves) {
    const [lane, life, holds, waits, knows] = state;
    const line = (/** @type {string} */ name, /** @type {Child[]} */ value, /** @type {string} */ kind) =>
      h("div", { class: `fact ${kind}` }, h("dt", {}, name), h("dd", {}, value));
    return h("section", { class: `card life-${LIVES[life]}${moves ? " moves" : ""}`, "aria-label": text(this.schedule.lanes[lane]) },
      h("header", {}, badge(this.letters[lane]), h("bdi", { class: "card-name" }, text(this.schedule.lanes[lane])),
        h("span", { class: `life life-${LIVES[life]}` }, LIVES[life])),
      h("dl", {},
        line("holds", holds.length ? holds.map((hold) => h("code", { class: "held" }, text(hold))) : [h("span", { class: "nothing" }, "nothing")], "fact-holds"),
        waits === null ? null : line("waits for", rich(text(waits)), "fact-waits"),
        knows === null ? null : line("knows", rich(text(knows)), "fact-knows")));
  }

  /** @param {number} to @param {boolean} asked whether somebody asked for it, so that it is worth saying */
  go(to, asked) {
    const last = this.schedule.rows.length - 1;
    this.at = Math.max(0, Math.min(last, to));
    const row = this.schedule.rows[this.at];
    this.cards.replaceChildren(...this.states[this.at].map((state) => this.card(state, state[0] === row.lane)));
    this.waits?.show(this.at);
    const now = this.drawRows();
    this.slider.value = String(this.at + 1);
    const name = text(this.schedule.lanes[row.lane]);
    this.slider.setAttribute("aria-valuetext", `step ${this.at + 1} of ${last + 1}: ${name} ${text(row.text)}`);
    this.position.textContent = `${this.at + 1} / ${last + 1}`;
    this.says.replaceChildren(...(asked ? [h("span", { class: "hidden" }, `${name} ${text(row.text)}${this.at === last ? `. ${text(this.schedule.end)}` : ""}`)] : []));
    for (const button of [this.firstButton, this.backButton]) button.toggleAttribute("disabled", this.at === 0);
    for (const button of [this.forwardButton, this.lastButton]) button.toggleAttribute("disabled", this.at === last);
    this.element.classList.toggle("ended", this.at === last);
    if (this.at === last) this.pause();
    else this.showPlaying();
    if (asked) this.reveal(now);
    this.moved(row.event);
  }

  /** The steps around the one that is shown, which is returned. */
  drawRows() {
    const from = Math.max(0, this.at - this.around);
    const to = Math.min(this.schedule.rows.length, this.at + this.around + 1);
    const shown = [];
    for (let index = from; index < to; index += 1) {
      const element = (this.rows[index] ??= this.row(this.schedule.rows[index], index));
      element.classList.toggle("done", index < this.at);
      element.classList.toggle("now", index === this.at);
      if (index === this.at) element.setAttribute("aria-current", "step");
      else element.removeAttribute("aria-current");
      shown.push(element);
    }
    const others = (/** @type {number} */ count, /** @type {string} */ where, /** @type {number} */ to) => count === 0 ? null :
      h("li", { class: "turn done" }, h("button", { type: "button", class: "more", tabindex: "-1", click: () => { this.pause(); this.go(to, true); } }, `${counted(count, "step")} ${where}`));
    this.track.replaceChildren(...[others(from, "before", from - 1), ...shown, others(this.schedule.rows.length - to, "after", to)].filter((it) => it !== null));
    return shown[this.at - from];
  }

  /** Scrolls the steps, not the page. @param {HTMLElement} element */
  reveal(element) {
    const box = this.track;
    const top = element.offsetTop;
    if (top < box.scrollTop) box.scrollTop = top - 8;
    else if (top + element.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + element.offsetHeight - box.clientHeight + 8;
    const [stage, move] = [box.parentElement, element.querySelector(".move")];
    if (!stage || !move) return;
    const [outer, inner] = [stage.getBoundingClientRect(), move.getBoundingClientRect()];
    if (inner.left < outer.left) stage.scrollLeft -= outer.left - inner.left + 14;
    else if (inner.right > outer.right) stage.scrollLeft += inner.right - outer.right + 14;
  }

  toggle() {
    if (this.timer !== null) return this.pause();
    if (this.at === this.schedule.rows.length - 1) this.go(0, true);
    this.timer = setInterval(() => this.go(this.at + 1, true), PACE);
    this.showPlaying();
  }

  pause() {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.showPlaying();
  }

  showPlaying() {
    this.playButton.textContent = this.timer === null ? "Play" : "Pause";
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key meant something here */
  key(event) {
    const steps = { ArrowRight: this.at + 1, ArrowLeft: this.at - 1 };
    const inside = this.element.contains(document.activeElement);
    if (event.key in steps) this.pause(), this.go(steps[/** @type {"ArrowRight" | "ArrowLeft"} */ (event.key)], true);
    else if (inside && event.key === "Home") this.pause(), this.go(0, true);
    else if (inside && event.key === "End") this.pause(), this.go(this.schedule.rows.length - 1, true);
    else if (event.key === "p") this.toggle();
    else return false;
    return true;
  }

  stop() {
    this.pause();
  }
}

/** @param {string} letter */
function badge(letter) {
  return h("span", { class: "badge", "aria-hidden": "true" }, letter);
}

/** @param {string} words */
function sentence(words) {
  return words === "" ? words : words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
}
