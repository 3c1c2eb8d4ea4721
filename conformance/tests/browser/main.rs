//! The page of a report, in a browser: what a reader sees, by mouse, by keyboard and by address.
//!
//! Run by `.ci/run matrix`, which installs the browser; by hand with
//! `cargo test -p anyloop-conformance --test browser -- --ignored`. `ANYLOOP_CHROMIUM` names another
//! browser of the family.

mod chromium;
#[path = "../made_up/mod.rs"]
mod made_up;

use anyloop_conformance::report::html::to_html;
use chromium::Chromium;
use serde_json::{Value, json};

const OPEN: &str = "document.getElementById('evidence').open";
const TITLE: &str = "document.getElementById('evidence-title').textContent";
const TEXT: &str = "document.getElementById('evidence-body').textContent";
const FOCUS: &str = "document.activeElement.getAttribute('aria-label')";

/// Fails if the browser complained, or if anything but the page itself was asked for.
fn expect_quiet(browser: &Chromium) {
    for event in &browser.events {
        let method = event["method"].as_str().unwrap_or_default();
        let loud = ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"];
        assert!(!loud.contains(&method), "the browser complains: {event}");
        assert!(method != "Page.javascriptDialogOpening", "a text has become a script: {event}");
        if method == "Network.requestWillBeSent" {
            let url = event["params"]["request"]["url"].as_str().unwrap();
            let own = url.starts_with("file://") && url.ends_with("/index.html") || url.starts_with("data:");
            assert!(own || url == "about:blank", "the page asks for {url}");
        }
    }
    let asked = browser.events.iter().any(|event| event["method"] == "Network.requestWillBeSent");
    assert!(asked, "requests are not noticed here, so that none proves nothing");
}

#[test]
#[ignore = "needs chromium: .ci/run matrix"]
fn a_click_opens_the_evidence() {
    let mut browser = Chromium::start("click");
    browser.load(&to_html(&made_up::reports()), "");
    assert_eq!(browser.ask(OPEN), false);
    browser.click("button[data-cell='1']");
    assert_eq!(browser.ask(OPEN), true);
    assert_eq!(browser.ask(TITLE), "timer.tie brokenMUST, os/epoll+pidfd");
    let failure = made_up::failure();
    assert_eq!(browser.ask("document.querySelector('.program').textContent"), failure.program.to_string());
    assert_eq!(browser.ask("document.querySelector('.what').textContent"), failure.why);
    assert_eq!(
        browser.ask("document.querySelector('.replay').textContent"),
        format!("anyloop check os/epoll+pidfd --program '{:#}'", failure.program)
    );
    let text = browser.ask(TEXT);
    let text = text.as_str().unwrap();
    assert!(text.contains(anyloop::rules::timer::TIE.text), "{text}");
    assert!(text.contains("As this fails, check …"), "{text}");
    assert!(text.contains(anyloop::rules::timer::TIE.check), "{text}");
    let events = browser.ask("document.querySelectorAll('.timeline li').length");
    assert_eq!(events, failure.history.events.len());
    let lanes = browser.ask("new Set([...document.querySelectorAll('.event')].map((event) => event.getBoundingClientRect().x)).size");
    let mut contexts: Vec<u32> = failure.history.events.iter().map(|event| event.context).collect();
    contexts.sort_unstable();
    contexts.dedup();
    assert_eq!(lanes, contexts.len(), "each context has its lane");
    assert!(contexts.len() > 1);
    let places =
        browser.ask("[...document.querySelectorAll('.timeline li')].map((line) => line.children.length)");
    let expected = vec![contexts.len() + 1; failure.history.events.len()];
    assert_eq!(places, json!(expected), "a time, and a place in each lane");
    browser.click("dialog .close");
    assert_eq!(browser.ask(OPEN), false);
    expect_quiet(&browser);
}

#[test]
#[ignore = "needs chromium: .ci/run matrix"]
fn the_keyboard_is_enough() {
    let mut browser = Chromium::start("keys");
    browser.load(&to_html(&made_up::reports()), "");
    let mut tabs = 0;
    while browser.ask(FOCUS) != "os/epoll+pidfd, ready.fifo, MUST: holds. Show the evidence." {
        browser.press("Tab");
        tabs += 1;
        assert!(tabs < 30, "the first cell cannot be reached");
    }
    browser.press("ArrowDown");
    let tie = "os/epoll+pidfd, timer.tie, MUST: broken. Show the evidence.";
    assert_eq!(browser.ask(FOCUS), tie);
    browser.press("Enter");
    assert_eq!(browser.ask(OPEN), true);
    assert_eq!(browser.ask("document.activeElement.className"), "close");
    assert_eq!(browser.ask("location.hash"), "#cell=os/epoll+pidfd/timer.tie");
    browser.press("Escape");
    assert_eq!(browser.ask(OPEN), false);
    assert_eq!(browser.ask(FOCUS), tie, "closing leads back to the cell");
    browser.wait_for("location.hash", "");
    expect_quiet(&browser);
}

#[test]
#[ignore = "needs chromium: .ci/run matrix"]
fn a_cell_has_an_address() {
    let mut browser = Chromium::start("address");
    let page = to_html(&made_up::reports());
    for (fragment, title) in [
        ("#cell=os/epoll+pidfd/timer.tie", "timer.tie brokenMUST, os/epoll+pidfd"),
        ("#cell=os/epoll+pidfd/ready.fifo", "ready.fifo holdsMUST, os/epoll+pidfd"),
    ] {
        browser.load(&page, fragment);
        assert_eq!(browser.ask(OPEN), true, "{fragment}");
        assert_eq!(browser.ask(TITLE), title);
    }
    for nothing in ["#cell=os/epoll+pidfd/no.such", "#cell=%", "#"] {
        browser.load(&page, nothing);
        assert_eq!(browser.ask(OPEN), false, "{nothing}");
    }
    // The links at the top lead to their cells, also for a name full of markup.
    browser.load(&page, "");
    let links = browser.ask("document.querySelectorAll('ul.finding a').length");
    assert_eq!(links, 3);
    browser.click("ul.finding li:last-child a");
    browser.wait_for(TITLE, &format!("wake.fifo brokenMUST, {}", made_up::EVIL));
    assert_eq!(browser.ask("document.querySelector('.what').textContent"), made_up::EVIL);
    assert_eq!(browser.ask("document.querySelectorAll('img').length"), 0);
    expect_quiet(&browser);
}

#[test]
#[ignore = "needs chromium: .ci/run matrix"]
fn it_can_be_read_in_light_and_in_dark() {
    let mut browser = Chromium::start("light");
    browser.load(&to_html(&made_up::reports()), "#cell=os/epoll+pidfd/timer.tie");
    for (scheme, is_dark) in [("light", false), ("dark", true)] {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.call("Emulation.setEmulatedMedia", json!({ "features": features }));
        let faults = browser.ask(CONTRASTS);
        assert_eq!(faults["low"], json!([]), "in {scheme}: less than 4.5 to 1");
        assert!(faults["texts"].as_u64() > Some(50), "texts were looked at: {faults}");
        let paper = faults["paper"].as_f64().unwrap();
        assert_eq!(paper < 0.2, is_dark, "in {scheme} the paper has the luminance {paper}");
    }
    expect_quiet(&browser);
}

/// Every text with its contrast to what is behind it, as WCAG 2 reckons it.
const CONTRASTS: &str = r"(() => {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => [red, green, blue]
    .map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const low = [];
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility()) continue;
    texts += 1;
    const [one, other] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) low.push([text, contrast]);
  }
  return { low, texts, paper: luminance(behind(document.body)) };
})()";

#[test]
#[ignore = "needs chromium: .ci/run matrix"]
fn only_what_does_not_hold_can_be_shown() {
    let mut browser = Chromium::start("loud");
    browser.load(&to_html(&made_up::reports()), "");
    let shown = "[...document.querySelectorAll('tbody tr')].filter((row) => row.offsetParent !== null).map((row) => row.cells[0].textContent)";
    let has = |rows: &Value, name: &str| rows.as_array().unwrap().iter().any(|row| row == name);
    let all = browser.ask(shown);
    assert!(has(&all, "ready") && has(&all, "ready.fifo") && has(&all, "timer.tie"), "{all}");
    browser.click("#loud");
    let loud = browser.ask(shown);
    assert!(!has(&loud, "ready") && !has(&loud, "ready.fifo") && has(&loud, "timer.tie"), "{loud}");
    expect_quiet(&browser);
}
