// The theme a person chose is applied before the first paint: this file is loaded in <head>,
// without `defer`. "system" follows the machine, also while the page is open.
(() => {
  const KEY = "neuroscan-theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem(KEY) || "system";
    } catch {
      return "system"; // storage may be switched off
    }
  }

  function apply() {
    const theme = chosen();
    const shown = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    document.documentElement.dataset.bsTheme = shown;
  }

  window.neuroscanTheme = {
    chosen,
    choose(theme) {
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // then it holds for this page only
      }
      apply();
    },
  };
  dark.addEventListener("change", apply);
  apply();
})();
