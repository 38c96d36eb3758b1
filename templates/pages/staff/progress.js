// Fetches an edition's figures again every two seconds, until it has ended or is told to stop.
// A screen reader hears of them at most every thirty seconds, and of the end at once. While they
// cannot be fetched the last ones stay, with the time they are from, and it goes on trying.
(function () {
  "use strict";
  var box = document.getElementById("live-figures");
  var spoken = document.getElementById("live-spoken");
  var button = document.getElementById("live-button");
  var late = document.getElementById("live-late");
  var reload = document.getElementById("live-reload");
  if (!box || !window.fetch) { return; }

  var EVERY = 2000, SPEAK_EVERY = 30000;
  var LOGGED_OUT = "You are no longer logged in, or may not look at this page any more. " +
    "Log in again, then reload this page. ";
  var running = true, timer = 0, lastSpoken = Date.now(), lastSaid = "";
  var since = box.querySelector(".live").dataset.at;

  function speak(words) {
    if (words !== lastSaid) { spoken.textContent = words; }
    lastSaid = words;
    lastSpoken = Date.now();
  }

  function notUpdated() { return "These figures have not been updated since " + since + ". "; }

  function warn(words) {
    late.textContent = words;
    late.hidden = !words;
  }

  function stop(words) {
    running = false;
    clearTimeout(timer);
    button.hidden = true;
    reload.hidden = false;
    speak(words);
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(look, EVERY);
  }

  function show(html) {
    if (!running) { return; }
    var live = new DOMParser().parseFromString(html, "text/html").querySelector(".live");
    if (!live) { giveUp(LOGGED_OUT); return; }
    box.replaceChildren(document.adoptNode(live));
    since = live.dataset.at;
    warn("");
    if (live.dataset.finished === "yes") { stop(live.dataset.said); return; }
    if (Date.now() - lastSpoken >= SPEAK_EVERY) { speak(live.dataset.said); }
    again();
  }

  function giveUp(why) {
    warn(why + notUpdated());
    stop(why + notUpdated());
  }

  function tryAgain() {
    if (!running) { return; }
    var words = notUpdated() + "Outreach goes on trying.";
    warn(words);
    speak(words);
    again();
  }

  function look() {
    if (document.hidden) { again(); return; }
    fetch(box.dataset.from, { credentials: "same-origin", redirect: "manual", cache: "no-store" })
      .then(function (answer) {
        if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
          return giveUp(LOGGED_OUT);
        }
        return answer.ok ? answer.text().then(show) : tryAgain();
      })
      .catch(tryAgain);
  }

  button.addEventListener("click", function () {
    running = !running;
    button.textContent = running ? "Stop updating" : "Go on updating";
    clearTimeout(timer);
    if (running) { look(); }
  });

  button.hidden = false;
  reload.hidden = true;
  again();
}());
