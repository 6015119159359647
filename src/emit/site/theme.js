// The reader's choice of theme, before the first paint. Without a choice the system decides.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("homelab-theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.setAttribute("data-theme", theme);
    }
  } catch (error) {
    // A browser that keeps nothing for files on the disk: the system's theme it is.
  }
})();
