"use strict";
// Elements are made here and only here, from text: nothing of a program's own words is ever read as markup.

/** @typedef {string | Node | null | undefined | false} Child */

/**
 * An element with attributes and children. An attribute that is null or false is left out; a function listens.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter(isThere));
  return element;
}

/** @param {Child} child @returns {child is string | Node} */
function isThere(child) {
  return child !== null && child !== undefined && child !== false;
}

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no ${id}`);
  return element;
}

/** Text in which `names` stand between backquotes. @param {string} text @returns {Node[]} */
function rich(text) {
  const parts = text.split("`");
  // An odd number of quotes: the last one is none.
  if (parts.length % 2 === 0) parts.push(`${parts.splice(-2, 1)}\`${parts.pop()}`);
  return parts.flatMap((part, index) => {
    if (part === "") return [];
    return [index % 2 === 1 ? h("code", {}, part) : document.createTextNode(part)];
  });
}

/** @param {number} count @param {string} one @param {string} [many] */
function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** "a, b and c" @param {string[]} parts */
function listed(parts) {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

/** Whether a key is meant for a field that is being filled in. @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLInputElement ? target.type !== "range" : target instanceof HTMLSelectElement;
}

/**
 * The same for drawings.
 * @param {string} tag @param {Record<string, string | number>} [attributes] @param {...(Child | Child[])} children
 */
function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
  element.append(...children.flat().filter(isThere));
  return element;
}
