//! Promises of rule files and sample templates: all of it is understood, or refused with the place of the fault.

use leakward_detect::{Detector, Settings};
use leakward_rules::sample::{Template, render};
use leakward_rules::{built_in, parse};

/// A rule file: what is accepted can be used for detection.
pub(crate) fn rule_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match parse(&text, "rules.toml") {
        Ok(rules) => {
            let detector =
                Detector::new(rules, Settings::default()).expect("accepted rules have literals");
            let mut scratch = detector.scratch();
            drop(detector.detect(bytes, &mut scratch));
        }
        Err(errors) => assert!(errors.to_string().contains("rules.toml:"), "{errors}"),
    }
}

/// A sample template: what is accepted renders, with the credential inside of the text.
pub(crate) fn sample_template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(template) = Template::parse(&text) {
        let rendered = template.render(1);
        assert!(rendered.text.get(rendered.secret.clone()).is_some());
        drop(template.render_broken(1));
        assert_eq!(render(&text, 1).ok(), Some(rendered));
    }
}

pub(crate) fn rule_files() -> Vec<Vec<u8>> {
    [
        "version = 1\nprovider = \"acme\"\n\n[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nseverity = \"high\"\nliterals = [\"acme_\"]\npattern = 'acme_[0-9a-f]{32}'\nsamples = ['acme_{hex:32}']\n",
        "version = 1\nprovider = \"acme\"\n\n[[rule]]\nid = \"acme-near\"\ntitle = \"Near\"\nseverity = \"low\"\nkeywords = [\"acme_key\"]\nvalue = '[0-9a-f]{32}'\nwithin = 40\nentropy = 3.0\nsamples = ['acme_key = \"«{hex:32}»\"']\nnear-misses = ['acme_key = \"none\"']\n[rule.allow]\nwords = [\"test\"]\nvalues = ['^0+$']\n",
        "version = 1\nprovider = \"acme\"\n\n[[rule]]\nid = \"acme-native\"\ntitle = \"Native\"\nseverity = \"medium\"\nnative = \"assignment\"\nliterals = [\"passw\"]\nsamples = ['password = \"«{password:14}»\"']\n",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

pub(crate) fn templates() -> Vec<Vec<u8>> {
    let samples = built_in().iter().flat_map(|rule| rule.samples.iter());
    samples
        .step_by(7)
        .map(|text| text.as_bytes().to_vec())
        .collect()
}
