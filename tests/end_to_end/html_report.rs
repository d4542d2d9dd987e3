//! The HTML report in a real browser: it filters, groups and opens findings by keyboard, keeps little in the document
//! however many there are, runs nothing but its own script, and shows what a repository's author wrote as text.

use leakward_tests::{Browser, Requirement, Sandbox, missing};
use serde_json::{Value, json};

use crate::leakward;

/// A report of so many findings, by thirty authors, over five years.
fn report(sandbox: &Sandbox, count: usize) -> String {
    let severities = ["critical", "high", "medium", "low"];
    let rules = [
        "github-pat-classic",
        "aws-access-key",
        "url-password",
        "slack-bot-token",
        "generic-api-key",
    ];
    let finding = |number: usize| {
        let rule = rules[number * 7 % rules.len()];
        json!({
            "fingerprint": format!("{number:032x}"),
            "rule": rule,
            "title": format!("Credential of {rule}"),
            "provider": rule.split('-').next(),
            "severity": severities[number * 3 % 4],
            "confidence": "high",
            "masked": "ghp_********",
            "entropy": 4.5,
            "reasons": ["its checksum holds"],
            "revoke_url": if number == 0 { "javascript:alert(1)" } else { "https://example.com/revoke" },
            "excerpt": {"text": "token = \"ghp_********\"", "start_column": 10, "end_column": 22},
            "locations": [{
                "kind": "git",
                "path": if number == 0 { "</script><img src=x onerror=pwned=1>.py".to_owned() } else { format!("service-{}/settings_{number}.py", number % 40) },
                "line": number % 900 + 1, "column": 10, "end_line": number % 900 + 1, "end_column": 22,
                "commit": format!("{number:040x}"),
                "in_head": number.is_multiple_of(2),
                "author": format!("Author {}", number % 30),
                "email": format!("author{}@example.org", number % 30),
                "date": format!("20{}-{:02}-03T04:05:06Z", 19 + number % 5, number % 12 + 1),
                "subject": format!("Change number {number}"),
            }],
        })
        .to_string()
    };
    let mut lines: Vec<String> = (0..count).map(finding).collect();
    let summary = json!({"summary": {
        "schema_version": 1, "complete": true, "skipped": [], "notes": [],
        "targets": [{"name": "https://example.com/team/app.git", "kind": "url", "scope": "all history"}],
        "stats": {"pieces": 9, "rules": 612, "bytes": 123_456_789, "duration_ms": 1234},
        "finding_count": count,
    }});
    lines.push(summary.to_string());
    sandbox.write("report.jsonl", lines.join("\n"));
    let run = leakward(sandbox)
        .args(["report", "convert", "report.jsonl", "-o", "report.html"])
        .run();
    run.expect_status(0);
    format!("file://{}", sandbox.path("report.html").display())
}

fn text(browser: &Browser, id: &str) -> String {
    let script = format!("return document.getElementById('{id}').textContent");
    browser.script(&script).as_str().expect("a text").to_owned()
}

fn number(browser: &Browser, script: &str) -> u64 {
    browser
        .script(&format!("return {script}"))
        .as_u64()
        .expect("a number")
}

/// How many findings the page says that it shows, waiting for its short delay after the last key.
fn shown(browser: &Browser, expected: &str) {
    let wait = "return document.getElementById('told').textContent";
    for _ in 0..200 {
        if browser
            .script(wait)
            .as_str()
            .is_some_and(|told| told.starts_with(expected))
        {
            return;
        }
    }
    panic!(
        "{expected:?} is not what the page says: {}",
        text(browser, "told")
    );
}

#[test]
fn twenty_thousand_findings_are_filtered_grouped_and_opened_by_keyboard() {
    if missing(Requirement::Tool("chromedriver")) {
        return;
    }
    let sandbox = Sandbox::new();
    let address = report(&sandbox, 20_000);
    let browser = Browser::start(&sandbox);
    browser.open(&address);
    assert_eq!(text(&browser, "told"), "20,000 findings");
    // For who wants to know; a busy machine proves nothing.
    let opened = "performance.getEntriesByType('navigation')[0].loadEventEnd | 0";
    eprintln!("opened 20,000 findings in {} ms", number(&browser, opened));
    let rows = number(&browser, "document.querySelectorAll('.row').length");
    assert!(
        (5..80).contains(&rows),
        "only what can be seen is in the document: {rows} rows"
    );
    assert_eq!(
        browser.complaints(),
        [""; 0],
        "nothing was refused, nothing failed"
    );

    // Down to the end, and what is drawn there is the end.
    browser.script("document.getElementById('list').scrollTop = 1e9");
    for _ in 0..100 {
        if browser.script("return document.querySelector('[aria-posinset=\"20000\"]') !== null")
            == Value::Bool(true)
        {
            break;
        }
    }
    assert_eq!(
        number(
            &browser,
            "document.querySelectorAll('[aria-posinset=\"20000\"]').length"
        ),
        1
    );

    browser.press("/");
    browser.press("author7@example settings_37");
    // 37, 3727, 3757 and 3787.
    shown(&browser, "4 of 20,000 findings");
    browser.press("\u{e00c}");
    browser.press("jj\u{e007}");
    assert_eq!(
        browser.script("return document.getElementById('detail').hidden"),
        Value::Bool(false)
    );
    let detail = text(&browser, "detail");
    assert!(
        detail.contains("author7@example.org") && detail.contains("its checksum holds"),
        "{detail}"
    );
    browser.press("\u{e00c}");
    assert_eq!(
        browser.script("return document.getElementById('detail').hidden"),
        Value::Bool(true)
    );

    // The address holds the view.
    let here = browser
        .script("return location.hash")
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(here.contains("author7"), "{here}");
    browser.open(&format!("{address}#group=author&sev=critical"));
    browser.script("location.reload()");
    shown(&browser, "5,000 of 20,000 findings");
    let group = browser.script("return document.querySelector('.row.group').textContent");
    assert!(
        group.as_str().expect("a text").contains("@example.org>"),
        "{group}"
    );
    let bars = "[...document.querySelectorAll('#timeline rect[data-severity=\"1\"]')].filter(bar => bar.getAttribute('height') > 0).length";
    assert_eq!(number(&browser, bars), 0, "the timeline follows the filter");
    for grouping in ["commit", "rule", "file", "provider"] {
        browser.script(&format!("location.hash = 'group={grouping}'"));
        shown(&browser, "20,000 findings");
        assert!(
            number(&browser, "document.querySelectorAll('.row.group').length") > 0,
            "{grouping}"
        );
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn what_a_repository_holds_is_text_in_the_page_and_nothing_else() {
    if missing(Requirement::Tool("chromedriver")) {
        return;
    }
    let sandbox = Sandbox::new();
    let address = report(&sandbox, 3);
    let browser = Browser::start(&sandbox);
    browser.open(&format!("{address}#q=onerror"));
    shown(&browser, "1 of 3 findings");
    browser.press("j\u{e007}");
    assert!(text(&browser, "detail").contains("</script><img src=x onerror=pwned=1>.py"));
    assert_eq!(number(&browser, "document.images.length"), 0);
    assert_eq!(browser.script("return typeof pwned"), "undefined");
    assert_eq!(
        number(
            &browser,
            "document.querySelectorAll('a[href^=javascript]').length"
        ),
        0
    );
    // The policy lets nothing else run, and nothing be fetched.
    let injected = "const script = document.createElement('script'); try { script.textContent = 'pwned = 1'; } catch { return true } \
                    document.body.append(script); return typeof pwned === 'undefined'";
    assert_eq!(browser.script(injected), Value::Bool(true));
    browser.script(
        "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))",
    );
    let mut complaints = Vec::new();
    for _ in 0..50 {
        complaints.extend(browser.complaints());
        if complaints
            .iter()
            .any(|text| text.contains("Content Security Policy"))
        {
            return;
        }
    }
    panic!("the picture was not refused: {complaints:?}");
}
