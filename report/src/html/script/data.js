"use strict";
// What the page knows: `html/data.rs` and `html/detail.rs` write it. Texts and places are referred to by number.

/**
 * @typedef {{rule: number, evidence: number, severity: number, id: number, message: number, names: number[],
 *   places: number[], runs: number, suppressed?: boolean}} Entry
 * @typedef {{text: number, quoted?: [file: number, line: number, start: number, end: number]}} Place
 * @typedef {{name: number, lines: Record<string, number>}} SourceFile
 * @typedef {{name: number, path: number, program: number | null, events: number, threads: number,
 *   objects: number, problems: number[]}} Run
 * @typedef {{rule: number, run: number, message: number, reason: number, places: number[]}} Refuted
 * @typedef {{summary: {errors: number, warnings: number, notes: number, suppressed: number, refuted: number},
 *   runs: Run[], warnings: number[], findings: Entry[], refuted: Refuted[] | null, drawing?: number,
 *   places: Place[], files: SourceFile[], texts: string[]}} Head
 * @typedef {{name: number, kind: number, at: number | null}} Thing
 * @typedef {{thread: number, id: number, story: number, run?: number, places: [number | null, number, number][], stack: number[]}} Part
 * @typedef {[lane: number, life: number, holds: number[], waits: number | null, knows: number | null]} State
 * @typedef {{skipped?: number, number?: number, event: number, lane: number, text: number, at?: number,
 *   assumes?: number, after?: State[]}} Turn
 * @typedef {{predicted: boolean, steps: number, lanes: number[], end: number, rows: Turn[]}} Schedule
 * @typedef {{name: number, spans: [from: number, to: number, life: number, text: number][], marks: [number, number][]}} Track
 * @typedef {{name: number, spans: [from: number, to: number, lane: number | null, read: number][]}} LockTrack
 * @typedef {{from: number, to: number, lanes: Track[], locks: LockTrack[], gaps: [from: number, to: number][]}} Stretch
 * @typedef {{pattern?: number, region?: number, seen: number, runs: number[], objects: Thing[], steps: Part[],
 *   notes: number[], help: number[], suppressed?: [number, number], witness?: number, replay?: Schedule,
 *   timeline?: Stretch, drawing?: number}} Detail
 */

/** @type {Head} */
const HEAD = JSON.parse(byId("head").textContent || "{}");

/** How threads can stand, in the order in which they are numbered. */
const LIVES = ["new", "ready", "running", "blocked", "finished"];

/** @param {number} id */
function text(id) {
  return HEAD.texts[id];
}

/** @param {number | null | undefined} id */
function textOr(id, other = "") {
  return id === null || id === undefined ? other : text(id);
}

/** @type {string[] | null} */
let lines = null;

/** Everything about a finding: each is a line of its own, read when it is needed. @param {number} finding @returns {Detail} */
function detail(finding) {
  lines ??= (byId("details").textContent || "").split("\n");
  return JSON.parse(lines[finding]);
}

/** The name by which a page address selects each finding: its id, numbered where several share one. */
const ADDRESSES = (() => {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return HEAD.findings.map((entry) => {
    const id = text(entry.id);
    const before = seen.get(id) ?? 0;
    seen.set(id, before + 1);
    return before === 0 ? id : `${id}.${before + 1}`;
  });
})();
