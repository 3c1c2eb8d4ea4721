//! Reports say what came of each rule, in JSON as its schema has it, in JUnit and in HTML.

#[path = "made_up/mod.rs"]
mod made_up;
#[path = "made_up/schema.rs"]
mod schema;

use anyloop_conformance::report::{html, json, junit};
use serde_json::{Value, json};

fn results() -> Value {
    serde_json::from_str(&json::to_json(&made_up::reports())).unwrap()
}

fn published() -> Value {
    serde_json::from_str(json::SCHEMA).unwrap()
}

#[test]
fn the_json_is_as_the_published_schema_says() {
    let schema = published();
    assert_eq!(schema::validate(&results(), &schema, &schema), Ok(()));
    let nothing: Value = serde_json::from_str(&json::to_json([])).unwrap();
    assert_eq!(schema::validate(&nothing, &schema, &schema), Ok(()));
}

#[test]
fn the_schema_refuses_what_would_mislead() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 8] = [
        ("another format", |results| results["format"] = json!(2)),
        ("a score", |results| results["score"] = json!(0.98)),
        ("an unknown verdict", |results| results["cells"][0]["verdict"] = json!("passed")),
        ("a failure of what holds", |results| {
            results["cells"][0]["failure"] = results["cells"][1]["failure"].clone();
        }),
        ("broken without a program", |results| {
            results["cells"][1].as_object_mut().unwrap().remove("failure");
        }),
        ("a lack without a reason", |results| {
            results["cells"][4].as_object_mut().unwrap().remove("why");
        }),
        ("an event at no place", |results| {
            results["cells"][1]["failure"]["history"][0].as_object_mut().unwrap().remove("context");
        }),
        ("a rule that is no id", |results| results["rules"][0]["id"] = json!("fifo")),
    ];
    let schema = published();
    for (what, change) in changes {
        let mut changed = results();
        change(&mut changed);
        assert!(schema::validate(&changed, &schema, &schema).is_err(), "the schema lets {what} pass");
    }
}

#[test]
fn the_json_tells_each_cell_with_its_evidence() {
    let results = results();
    let cells = results["cells"].as_array().unwrap();
    let verdicts: Vec<_> = cells.iter().map(|cell| cell["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["holds", "broken", "vacuous", "unjudged", "lacks", "broken", "broken"]);
    assert_eq!(cells[5]["why"], made_up::EVIL);
    assert_eq!(cells[5]["subject"], made_up::EVIL);
    let faults: Vec<_> = results["subjects"].as_array().unwrap().iter().map(|it| &it["fault"]).collect();
    assert_eq!(faults, [&Value::Null, &Value::String(format!("the driver {}", made_up::EVIL))]);
    let failure = &cells[1]["failure"];
    let expected = made_up::failure();
    assert_eq!(failure["program"], expected.program.to_string());
    assert_eq!(
        failure["replay"],
        format!("anyloop check os/epoll+pidfd --program '{:#}'", expected.program),
        "a shell gives the program back in one piece"
    );
    let replay = cells[5]["failure"]["replay"].as_str().unwrap();
    assert!(
        replay.starts_with("anyloop check '<img src=x onerror=alert(1)> \"'\\''&{{data}} ü\u{1}' --"),
        "{replay}"
    );
    let history = failure["history"].as_array().unwrap();
    assert_eq!(history.len(), expected.history.events.len());
    assert!(history.iter().any(|event| event["context"] != 0), "remote work comes from elsewhere");
    assert!(history.iter().any(|event| event["what"] == "Started" && event["details"] != ""), "{history:?}");
}

#[test]
fn the_history_that_is_kept_is_that_of_the_smallest_program() {
    use anyloop_conformance::check::judge;
    use anyloop_conformance::judges::Verdict;
    let failure = made_up::failure();
    let verdict = judge(&anyloop::rules::wake::FIFO, &failure.history);
    assert_eq!(verdict, Some(Verdict::Broken { why: failure.why }));
    assert!(failure.program.len() < failure.steps, "it was made smaller");
}

#[test]
fn the_junit_is_well_formed_and_fails_where_a_must_is_not_kept() {
    let xml = junit::to_junit(&made_up::reports());
    let document = roxmltree::Document::parse(&xml).expect("well-formed XML");
    let suites: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testsuite")).collect();
    let counts = |at: usize, name: &str| suites[at].attribute(name).unwrap().to_owned();
    assert_eq!(["tests", "failures", "errors", "skipped"].map(|name| counts(0, name)), ["5", "2", "0", "2"]);
    assert_eq!(["tests", "failures", "errors", "skipped"].map(|name| counts(1, name)), ["3", "1", "1", "1"]);
    let error = document.descendants().find(|node| node.has_tag_name("error")).expect("the driver's fault");
    assert!(error.attribute("message").unwrap().starts_with("the driver <img"), "{error:?}");
    // A control character cannot be written in XML at all.
    assert_eq!(suites[1].attribute("name"), Some(&*made_up::EVIL.replace('\u{1}', "\u{fffd}")));

    let under = |rule: &str, tag: &str| {
        let case = document.descendants().find(|node| node.attribute("name") == Some(rule)).expect(rule);
        case.children().find(|node| node.has_tag_name(tag)).map(|node| {
            (node.attribute("message").unwrap().to_owned(), node.text().unwrap_or_default().to_owned())
        })
    };
    let failure = made_up::failure();
    let (message, text) = under("timer.tie", "failure").expect("a failure");
    assert_eq!(message, failure.why);
    assert!(text.contains(&failure.program.to_string()), "{text}");
    assert!(text.contains("anyloop check os/epoll+pidfd --program '"), "{text}");
    let (message, _) = under("timer.far", "failure").expect("what is vacuous shows nothing");
    assert_eq!(message, "vacuous: it never applied, in 1024 programs");
    let (message, _) =
        under(anyloop::rules::child::ALL[0].id, "skipped").expect("what is lacking is skipped");
    assert_eq!(message, format!("lacks: {}", made_up::LACKED));
    let (message, _) = under(made_up::SHOULD.id, "skipped").expect("a SHOULD is no failure");
    assert!(message.starts_with("SHOULD, broken: "), "{message}");
    assert_eq!(under("ready.fifo", "failure").or(under("ready.fifo", "skipped")), None);
}

#[test]
fn the_page_escapes_everything() {
    let page = html::to_html(&made_up::reports());
    assert!(!page.contains("<img"), "the evil name has become markup");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt; &quot;&#39;&amp;{{data}} ü\u{fffd}"));
    assert!(!page.contains("<b>children</b>"));
    assert!(page.contains("asked for with <code>call_soon</code> MUST"));
    // The data end where the page ends them, and are the results.
    let (_, rest) = page.split_once("id=\"results\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    assert_eq!(serde_json::from_str::<Value>(data).unwrap(), results());
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let page = html::to_html(&made_up::reports());
    assert!(page.contains("default-src 'none'"));
    let (head, rest) = page.split_once("id=\"results\">").unwrap();
    let (_, script) = rest.split_once("</script>").unwrap();
    for reference in ["http:", "https:", " src=", "url(", "@import", "fetch(", "XMLHttpRequest", "import("] {
        // The evil name has one, as text.
        let found = format!("{head}{script}").replace("img src=", "").contains(reference);
        assert!(!found, "the page has `{reference}`");
    }
}

#[test]
fn the_page_has_a_button_in_words_for_each_cell() {
    let reports = made_up::reports();
    let page = html::to_html(&reports);
    let cells: usize = reports.iter().map(|report| report.cells.len()).sum();
    for number in 0..cells {
        assert_eq!(page.matches(&format!("data-cell=\"{number}\"")).count(), 1);
    }
    assert!(page.contains("aria-label=\"os/epoll+pidfd, timer.tie, MUST: broken. Show the evidence.\""));
    assert!(page.contains("href=\"#cell=os/epoll+pidfd/timer.tie\""));
    // Each subject was not asked about what only the other has.
    let rules = results()["rules"].as_array().unwrap().len();
    assert_eq!(page.matches(">not asked<").count(), 2 * rules - cells);
    for verdict in ["holds", "broken", "vacuous", "lacks", "unjudged"] {
        assert!(page.contains(&format!("</span> {verdict}</span></dt>")), "the legend lacks `{verdict}`");
    }
}

#[test]
fn a_page_without_failures_says_so() {
    let mut reports = made_up::reports();
    reports.truncate(1);
    reports[0].cells.retain(|cell| !cell.is_failure());
    assert!(html::to_html(&reports).contains("No MUST is broken or vacuous."));
    assert!(!html::to_html(&made_up::reports()).contains("No MUST is broken or vacuous."));
}
