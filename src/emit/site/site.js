// Search, theme and copying: all that needs a script. The pages are whole without it.
(function () {
  "use strict";
  var up = document.body.getAttribute("data-up") || "";

  // Theme: system, light, dark, in turn.
  var themes = ["system", "light", "dark"];
  var button = document.querySelector("button.theme");
  var root = document.documentElement;
  function current() {
    return root.getAttribute("data-theme") || "system";
  }
  function show() {
    button.querySelector(".theme-now").textContent = current();
  }
  button.hidden = false;
  show();
  button.addEventListener("click", function () {
    var next = themes[(themes.indexOf(current()) + 1) % themes.length];
    if (next === "system") {
      root.removeAttribute("data-theme");
    } else {
      root.setAttribute("data-theme", next);
    }
    try {
      localStorage.setItem("homelab-theme", next);
    } catch (error) {
      // Nothing is kept for files on the disk here.
    }
    show();
  });

  // On a narrow screen the list of pages begins closed.
  var pages = document.querySelector("nav.pages details");
  if (window.matchMedia("(max-width: 60rem)").matches) {
    pages.removeAttribute("open");
  }

  // The page that is shown is in sight in the list of pages.
  var side = document.querySelector("nav.pages");
  var here = side.querySelector("[aria-current]");
  if (here && here.offsetTop > side.clientHeight * 0.7) {
    side.scrollTop = here.offsetTop - side.clientHeight / 2;
  }

  // A button to copy each block of code, and each URL by which a service is reached.
  var copied = [];
  document.querySelectorAll(".code").forEach(function (block) {
    copied.push([block, block.querySelector("code"), "Copy the code"]);
  });
  document.querySelectorAll("#how-to-reach-it + .scroll td:last-child > code").forEach(function (url) {
    copied.push([url.parentNode, url, "Copy " + url.textContent]);
  });
  copied.forEach(function (it) {
    if (!navigator.clipboard) {
      return;
    }
    var copy = document.createElement("button");
    copy.type = "button";
    copy.className = "copy";
    copy.textContent = "Copy";
    copy.setAttribute("aria-label", it[2]);
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText(it[1].textContent).then(
        function () {
          copy.textContent = "Copied";
          setTimeout(function () {
            copy.textContent = "Copy";
          }, 1500);
        },
        function () {
          copy.textContent = "Not allowed";
        },
      );
    });
    it[0].appendChild(copy);
  });

  // The section that is read is marked in the table of contents.
  var marks = {};
  document.querySelectorAll("nav.toc a").forEach(function (link) {
    marks[link.hash.slice(1)] = link;
  });
  var heads = Array.prototype.filter.call(document.querySelectorAll("h2[id], h3[id]"), function (it) {
    return marks[it.id] || marks[encodeURIComponent(it.id)];
  });
  if (heads.length > 0 && window.IntersectionObserver) {
    var watcher = new IntersectionObserver(
      function () {
        var read = heads.filter(function (it) {
          return it.getBoundingClientRect().top < window.innerHeight * 0.3;
        }).pop();
        heads.forEach(function (it) {
          var link = marks[it.id] || marks[encodeURIComponent(it.id)];
          if (it === read) {
            link.setAttribute("aria-current", "true");
          } else {
            link.removeAttribute("aria-current");
          }
        });
      },
      { rootMargin: "0px 0px -70% 0px" },
    );
    heads.forEach(function (it) {
      watcher.observe(it);
    });
  }

  // Search.
  var box = document.querySelector(".search");
  var field = document.getElementById("search-field");
  var list = document.getElementById("search-results");
  var index = null;
  var chosen = -1;
  box.hidden = false;

  // The index is large, so it comes when somebody begins to search.
  function load() {
    if (index !== null) {
      return;
    }
    index = [];
    var script = document.createElement("script");
    script.src = up + "assets/search-index.js";
    script.onload = function () {
      index = window.homelabIndex.map(function (entry) {
        return {
          entry: entry,
          title: (entry.t + " " + entry.h + " " + entry.u).toLowerCase(),
          text: entry.x.toLowerCase(),
        };
      });
      search();
    };
    document.head.appendChild(script);
  }

  function score(item, words) {
    var sum = 0;
    for (var i = 0; i < words.length; i++) {
      var inTitle = item.title.indexOf(words[i]);
      var inText = item.text.indexOf(words[i]);
      if (inTitle < 0 && inText < 0) {
        return 0;
      }
      sum += inTitle === 0 ? 12 : inTitle > 0 ? 8 : 1;
      // The page of a thing says more about it than a list of many.
      if (/^(services|hosts|handles)\//.test(item.entry.u)) {
        sum += 4;
      }
      // Who looks for a port or a URL looks for the one who has it.
      if (inText >= 0 && /#how-to-reach-it$/.test(item.entry.u)) {
        sum += 2;
      }
      if (inText >= 0) {
        var before = item.text[inText - 1] || " ";
        var after = item.text[inText + words[i].length] || " ";
        sum += /\w/.test(before) || /\w/.test(after) ? 1 : 3;
        // A section that says little else is about it.
        sum += 2 / (1 + item.text.length / 300);
      }
    }
    return sum;
  }

  function excerpt(item, words) {
    var at = item.text.indexOf(words[0]);
    if (at < 0) {
      return item.entry.x.slice(0, 90);
    }
    var from = Math.max(0, at - 30);
    return (from > 0 ? "…" : "") + item.entry.x.slice(from, from + 100);
  }

  // The excerpt with what was looked for marked.
  function mark(into, text, words) {
    var lower = text.toLowerCase();
    var at = 0;
    while (at < text.length) {
      var next = -1;
      var length = 0;
      words.forEach(function (word) {
        var found = lower.indexOf(word, at);
        if (found >= 0 && (next < 0 || found < next)) {
          next = found;
          length = word.length;
        }
      });
      if (next < 0) {
        break;
      }
      into.appendChild(document.createTextNode(text.slice(at, next)));
      var hit = document.createElement("mark");
      hit.textContent = text.slice(next, next + length);
      into.appendChild(hit);
      at = next + length;
    }
    into.appendChild(document.createTextNode(text.slice(at)));
  }

  function close() {
    list.hidden = true;
    list.textContent = "";
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    chosen = -1;
  }

  function search() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    close();
    if (words.length === 0) {
      return;
    }
    // Of each page the section that fits best.
    var best = {};
    index.forEach(function (item) {
      var page = item.entry.u.split("#")[0];
      var sum = score(item, words);
      if (sum > 0 && (!best[page] || best[page].score < sum)) {
        best[page] = { item: item, score: sum };
      }
    });
    var found = Object.keys(best)
      .map(function (page) {
        return best[page];
      })
      .sort(function (one, other) {
        return other.score - one.score;
      })
      .slice(0, 12);
    found.forEach(function (it, place) {
      var row = document.createElement("li");
      row.id = "found-" + place;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      var link = document.createElement("a");
      link.href = up + it.item.entry.u;
      link.tabIndex = -1;
      var title = document.createElement("strong");
      title.textContent = it.item.entry.h ? it.item.entry.t + " › " + it.item.entry.h : it.item.entry.t;
      var words_ = document.createElement("span");
      mark(words_, excerpt(it.item, words), words);
      link.appendChild(title);
      link.appendChild(words_);
      row.appendChild(link);
      list.appendChild(row);
    });
    if (found.length === 0) {
      var none = document.createElement("li");
      none.className = "none";
      none.setAttribute("role", "option");
      none.setAttribute("aria-selected", "false");
      none.setAttribute("aria-disabled", "true");
      none.textContent = "Nothing found";
      list.appendChild(none);
    }
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  }

  function choose(place) {
    var rows = list.querySelectorAll("li a");
    if (rows.length === 0) {
      return;
    }
    chosen = (place + rows.length) % rows.length;
    list.querySelectorAll("li").forEach(function (row, at) {
      row.setAttribute("aria-selected", at === chosen ? "true" : "false");
      if (at === chosen) {
        field.setAttribute("aria-activedescendant", row.id);
        row.scrollIntoView({ block: "nearest" });
      }
    });
  }

  field.addEventListener("focus", load);
  field.addEventListener("input", search);
  field.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      choose(chosen + 1);
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen - 1);
    } else if (event.key === "Enter") {
      var rows = list.querySelectorAll("li a");
      if (rows.length > 0) {
        event.preventDefault();
        rows[Math.max(chosen, 0)].click();
      }
    } else if (event.key === "Escape") {
      field.value = "";
      close();
      field.blur();
    }
  });
  document.addEventListener("keydown", function (event) {
    var at = document.activeElement;
    var typing = at && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });
  document.addEventListener("click", function (event) {
    if (!box.contains(event.target)) {
      close();
    }
  });
})();
