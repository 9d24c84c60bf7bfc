//! What the page does in a real browser.

use std::path::PathBuf;

use lockhound_report::{Document, Sources, html};
use serde_json::json;
use tempfile::TempDir;

use crate::chromium::Browser;
use crate::samples::{self, RecordedTexts, Texts};

/// A browser that shows a page, and the folder with it.
struct Shown {
    browser: Browser,
    page: PathBuf,
    _folder: TempDir,
}

/// Shows a page; none, said aloud, where there is no browser.
fn show(document: &Document) -> Option<Shown> {
    show_from(document, &Texts)
}

fn show_from(document: &Document, sources: &dyn Sources) -> Option<Shown> {
    let mut browser = match Browser::start() {
        Ok(browser) => browser,
        Err(error) => {
            eprintln!("SKIPPED: no page was looked at, there is no Chromium here ({error})");
            return None;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(&page, html(document, sources)).unwrap();
    browser.resize(1280, 900);
    browser.open(&page);
    Some(Shown { browser, page, _folder: folder })
}

impl Shown {
    /// The text of the first element that a selector finds, as it is shown; none if there is none.
    fn text(&mut self, selector: &str) -> Option<String> {
        let value = self.browser.evaluate(&format!("document.querySelector({})?.innerText ?? null", json!(selector)));
        value.as_str().map(str::to_owned)
    }

    fn count(&mut self, selector: &str) -> u64 {
        self.browser.evaluate(&format!("document.querySelectorAll({}).length", json!(selector))).as_u64().unwrap()
    }

    fn is(&mut self, expression: &str) -> bool {
        self.browser.evaluate(expression) == json!(true)
    }

    fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.browser.press(key);
        }
    }

    #[track_caller]
    fn is_content(&mut self) {
        assert_eq!(self.browser.complaints, [] as [String; 0]);
    }
}

#[test]
fn findings_are_gone_through_by_keyboard() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    assert_eq!(shown.text("h1").unwrap(), "accounts and audit are locked in opposite orders");
    assert_eq!(shown.text("#count").unwrap(), "2 of 3 findings");
    shown.press(&["j"]);
    assert!(shown.text("h1").unwrap().contains("an update of visits was lost"));
    assert!(shown.is("location.hash === '#11c0ffee00000001'"));
    shown.press(&["j", "k"]);
    assert!(shown.text("h1").unwrap().contains("opposite orders"));
    shown.browser.evaluate("document.getElementById('list').focus()");
    shown.press(&["ArrowDown"]);
    assert!(shown.is("document.getElementById('list').getAttribute('aria-activedescendant') === 'row-1'"));
    assert!(shown.is("document.getElementById('row-1').getAttribute('aria-selected') === 'true'"));
    shown.press(&["Home", "Enter"]);
    assert!(shown.is("document.activeElement.id === 'title'"));
    shown.press(&["o"]);
    assert_eq!(shown.text("h1").unwrap(), "2 errors");
    assert!(shown.text(".refuted").unwrap().contains("both orders are under accounts"));
    shown.press(&["?"]);
    assert!(shown.is("document.getElementById('keys').open"));
    shown.press(&["Escape"]);
    shown.is_content();
}

#[test]
fn findings_are_filtered() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    shown.press(&["/"]);
    shown.browser.write("observed.RS visits");
    assert_eq!(shown.text("#count").unwrap(), "1 of 3 findings");
    assert!(shown.text(".row").unwrap().contains("lost-update"));
    shown.press(&["Escape"]);
    assert_eq!(shown.text("#count").unwrap(), "2 of 3 findings");
    for (field, value, left) in
        [("evidence", "feasible", 1), ("rule", "lost-update", 0), ("evidence", "", 1), ("rule", "", 2)]
    {
        shown.browser.evaluate(&format!(
            "document.getElementById('{field}').value = '{value}'; document.getElementById('{field}').dispatchEvent(new Event('input'))"
        ));
        assert_eq!(shown.count(".row"), left, "{field} {value}");
    }
    shown.browser.evaluate("document.querySelector('.facet.severity-error').click()");
    assert_eq!(shown.count(".row"), 0);
    shown.browser.evaluate(
        "document.getElementById('suppressed').value = 'only'; document.getElementById('suppressed').dispatchEvent(new Event('input'))",
    );
    assert!(shown.text(".row").unwrap().contains("lock-order-inversion"));
    shown.press(&["j"]);
    assert!(shown.text(".accepted").unwrap().contains("the cache goes away with issue 7 (lockhound.toml:4)"));
    shown.is_content();
}

#[test]
fn a_schedule_is_stepped_through_to_its_end() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    let cards = |shown: &mut Shown| shown.text(".cards").unwrap();
    assert!(shown.text(".position").unwrap().starts_with("1 / 6"));
    assert!(!cards(&mut shown).contains("waits for"));
    assert!(shown.text(".turns").unwrap().contains("37 steps left out"));
    shown.press(&["ArrowRight"; 4]);
    assert!(cards(&mut shown).contains("audit, which nightly holds"));
    assert!(!cards(&mut shown).contains("accounts, which worker-3 holds"));
    assert!(!shown.is("document.querySelector('.end').checkVisibility()"));
    shown.press(&["ArrowRight", "ArrowRight"]);
    assert!(cards(&mut shown).contains("accounts, which worker-3 holds"));
    assert!(shown.is("document.querySelector('.end').checkVisibility()"));
    assert!(shown.text(".end").unwrap().contains("Now worker-3 and nightly wait for one another for ever"));
    // The step is in view, within its own list.
    assert!(shown.is("(([step, list]) => step.bottom <= list.bottom + 1 && step.top >= list.top)
         (['.turn.now', '.turns'].map((it) => document.querySelector(it).getBoundingClientRect()))"));
    shown.press(&["ArrowLeft"]);
    assert!(!cards(&mut shown).contains("accounts, which worker-3 holds"));
    shown.browser.evaluate("document.querySelector('.controls input').focus()");
    shown.press(&["Home"]);
    assert!(shown.text(".position").unwrap().starts_with("1 / 6"));
    assert!(shown.is("document.querySelector('[aria-current=step]').innerText.includes('acquires accounts')"));
    // It plays by itself, and stops at the end.
    shown.press(&["End", "p"]);
    assert_eq!(shown.text(".play").unwrap(), "Pause");
    assert!(shown.text(".position").unwrap().starts_with("1 / 6"));
    shown.press(&["p"]);
    assert_eq!(shown.text(".play").unwrap(), "Play");
    shown.is_content();
}

#[test]
fn both_colour_schemes_are_there() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    let background = |shown: &mut Shown, scheme: &str| {
        shown.browser.prefer(scheme, "screen");
        shown.browser.evaluate("getComputedStyle(document.body).backgroundColor").as_str().unwrap().to_owned()
    };
    let (light, dark) = (background(&mut shown, "light"), background(&mut shown, "dark"));
    assert_ne!(light, dark);
    shown.press(&["t"]);
    assert_eq!(background(&mut shown, "dark"), light, "light by choice");
    shown.press(&["t"]);
    assert_eq!(background(&mut shown, "light"), dark, "dark by choice");
    let page = shown.page.clone();
    shown.browser.open(&page);
    assert_eq!(background(&mut shown, "light"), dark, "the choice is kept");
    shown.is_content();
}

#[test]
fn where_the_keyboard_is_can_be_seen() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    let mut stops = std::collections::BTreeSet::new();
    for _ in 0..24 {
        shown.press(&["Tab"]);
        let at = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName";
        let at = shown.browser.evaluate(at).as_str().unwrap().to_owned();
        assert!(shown.is("getComputedStyle(document.activeElement).outlineStyle !== 'none'"), "{at}");
        stops.insert(at);
    }
    for stop in ["search", "list", "control play"] {
        assert!(stops.contains(stop), "{stop} is not among {stops:?}");
    }
    shown.is_content();
}

#[test]
fn names_are_never_markup() {
    let hostile = "</script <!--<script </script><img src=x onerror=document.title='owned'>\u{202e}\"'&lt;`";
    let Some(mut shown) = show(&samples::speaking(hostile)) else { return };
    assert_eq!(shown.count("img"), 0);
    assert!(!shown.is("document.title.startsWith('owned')"));
    assert!(shown.text("h1").unwrap().contains("</script <!--<script </script><img src=x onerror="));
    assert!(shown.text("h1").unwrap().contains("\\u{202e}"));
    shown.press(&["j", "o"]);
    shown.is_content();
}

#[test]
fn ten_thousand_findings_are_as_quick_as_ten() {
    let Some(mut shown) = show(&samples::many(10_000)) else { return };
    let opened = shown.browser.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd");
    assert_eq!(shown.text("#count").unwrap(), "10,000 findings");
    assert!(shown.count(".row") < 60, "only what is in view is made");
    let filter = "(() => { const start = performance.now(); const search = document.getElementById('search'); search.value = 'SHARD 4242';
        search.dispatchEvent(new Event('input')); return performance.now() - start; })()";
    let filtered = shown.browser.evaluate(filter);
    assert_eq!(shown.text("#count").unwrap(), "1 of 10,000 findings");
    eprintln!("10,000 findings: opened in {opened} ms, filtered in {filtered} ms");
    shown.press(&["Escape", "End"]);
    assert!(shown.text("h1").unwrap().ends_with("in shard 9999"));
    assert!(shown.is("document.getElementById('row-9999').getAttribute('aria-posinset') === '10000'"));
    shown.is_content();
}

#[test]
fn a_timeline_of_thousands_of_spans_is_as_quick_as_one_of_ten() {
    let Some(mut shown) = show(&samples::busy(8, 1_000)) else { return };
    let drawn = shown.count(".timeline .span");
    assert!((16..100).contains(&drawn), "{drawn}: an element for each would be 16,000");
    let opened = shown.browser.evaluate(
        "(async () => { const start = performance.now();
         document.querySelector('.finding').replaceWith(findingView(0).element); document.body.offsetHeight;
         await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); return performance.now() - start; })()",
    );
    eprintln!("a timeline of 16,000 spans: opened in {opened} ms");
    // What is not shown is drawn short, so that the rest has room; the pointer finds what has no element.
    assert_eq!(shown.text(".timeline .gap").unwrap(), "⋯");
    let under = |shown: &mut Shown, share: f64| {
        let said = shown.browser.evaluate(&format!(
            "(() => {{ const row = document.querySelectorAll('.track-time')[1]; const area = row.getBoundingClientRect();
              row.dispatchEvent(new PointerEvent('pointermove', {{ clientX: area.left + {share} * area.width }})); return row.title; }})()"
        ));
        said.as_str().unwrap().to_owned()
    };
    assert_eq!(under(&mut shown, 0.0001), "running: step 0 (events 0 to 2)");
    assert_eq!(under(&mut shown, 0.9999), "running: step 999 (events 100001998 to 100002000)");
    let ticks = shown.text(".axis").unwrap();
    assert!(ticks.contains("100000500"), "{ticks}");
    shown.is_content();
}

#[test]
fn paper_carries_every_finding_that_passes_the_filters() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    shown.browser.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(shown.count("#paper article"), 2);
    assert_eq!(shown.count("#paper tbody .severity-error"), 2);
    shown.browser.prefer("dark", "print");
    assert!(shown.is(
        "document.getElementById('paper').checkVisibility() && !document.getElementById('panes').checkVisibility()"
    ));
    shown.browser.evaluate("dispatchEvent(new Event('afterprint'))");
    assert_eq!(shown.count("#paper article"), 0);
    assert!(shown.browser.print().len() > 10_000);
    shown.is_content();
}

#[test]
fn a_narrow_window_shows_one_thing_at_a_time() {
    let Some(mut shown) = show(&samples::bank()) else { return };
    shown.browser.resize(390, 800);
    let visible = |shown: &mut Shown, id: &str| shown.is(&format!("document.querySelector('{id}').checkVisibility()"));
    assert!(visible(&mut shown, ".side") && !visible(&mut shown, ".main"));
    shown.press(&["j"]);
    assert!(!visible(&mut shown, ".side") && visible(&mut shown, ".main"));
    assert!(
        shown.is("document.documentElement.scrollWidth <= 390 && document.querySelector('.main').scrollWidth <= 390")
    );
    shown.browser.evaluate("document.getElementById('back').click()");
    assert!(visible(&mut shown, ".side") && !visible(&mut shown, ".main"));
    shown.is_content();
}

#[test]
fn a_page_of_recorded_runs_shows_their_source() {
    let Some(mut shown) = show_from(&samples::recorded(), &RecordedTexts) else { return };
    assert!(shown.count("#list [role=option]") > 10);
    assert!(shown.count(".main code.code mark") > 0);
    shown.is_content();
}

#[test]
fn a_page_on_nothing_says_so() {
    let Some(mut shown) = show(&Document::default()) else { return };
    assert_eq!(shown.count("#list [role=option]"), 0);
    shown.is_content();
}
