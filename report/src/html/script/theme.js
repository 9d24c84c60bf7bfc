"use strict";
// Light, dark, or as the system says. What was chosen is kept where the browser lets a file keep something.

const THEMES = ["system", "light", "dark"];

class Theme {
  constructor() {
    this.theme = THEMES[0];
    this.button = byId("theme-button");
    this.button.addEventListener("click", () => this.next());
    this.show(Theme.kept());
  }

  static kept() {
    try {
      return localStorage.getItem("lockhound-theme") ?? "system";
    } catch {
      return "system";
    }
  }

  next() {
    const theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    try {
      localStorage.setItem("lockhound-theme", theme);
    } catch {
      // Then it holds for as long as the page is open.
    }
    this.show(theme);
  }

  /** @param {string} theme */
  show(theme) {
    this.theme = THEMES.includes(theme) ? theme : "system";
    document.documentElement.dataset.theme = this.theme;
    this.button.textContent = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" }[this.theme] ?? "";
  }
}
