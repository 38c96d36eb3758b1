// Fetches an edition's figures again every two seconds, until it has ended or is told to stop.
// A screen reader hears of them at most every thirty seconds, and of the end at once.
(function () {
  "use strict";
  var box = document.getElementById("live-figures");
  var spoken = document.getElementById("live-spoken");
  var button = document.getElementById("live-button");
  var reload = document.getElementById("live-reload");
  if (!box || !window.fetch) { return; }

  var EVERY = 2000, SPEAK_EVERY = 30000;
  var running = true, timer = 0, lastSpoken = Date.now(), lastSaid = "";

  function speak(words) {
    if (words !== lastSaid) { spoken.textContent = words; }
    lastSaid = words;
    lastSpoken = Date.now();
  }

  function stop(words) {
    running = false;
    clearTimeout(timer);
    button.hidden = true;
    reload.hidden = false;
    if (words) { speak(words); }
  }

  function show(html) {
    if (!running) { return; }
    var live = new DOMParser().parseFromString(html, "text/html").querySelector(".live");
    if (!live) { stop("These figures are no longer updated. Reload the page."); return; }
    box.replaceChildren(document.adoptNode(live));
    if (live.dataset.finished === "yes") { stop(live.dataset.said); return; }
    if (Date.now() - lastSpoken >= SPEAK_EVERY) { speak(live.dataset.said); }
    timer = setTimeout(look, EVERY);
  }

  function look() {
    if (document.hidden) { timer = setTimeout(look, EVERY); return; }
    fetch(box.dataset.from, { credentials: "same-origin", redirect: "error", cache: "no-store" })
      .then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.text();
      })
      .then(show)
      .catch(function () {
        if (running) { stop("These figures could not be fetched. Reload the page to go on."); }
      });
  }

  button.addEventListener("click", function () {
    running = !running;
    button.textContent = running ? "Stop updating" : "Go on updating";
    clearTimeout(timer);
    if (running) { look(); }
  });

  button.hidden = false;
  reload.hidden = true;
  timer = setTimeout(look, EVERY);
}());
