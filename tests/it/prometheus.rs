//! The alert rules for Prometheus: they name what the daemon exports, and one fires where a person is
//! needed, and none elsewhere. Promtool evaluates them over what the daemon exports in each state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use qunfa::alert::{self, Severity};
use qunfa::sandbox::FaultKind;
use rusqlite::Connection;
use serde_json::Value;

use crate::e2e_listener::say;
use crate::rig::{Rig, at_line, club, real_now, skipped, to_tag, to_tag_with, whole_second};

fn rules_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/prometheus/qunfa.rules.yml")
}

/// Each rule's name, its expression, and the rest of it.
fn rules() -> Vec<(String, String, Value)> {
    let text = fs::read_to_string(rules_file()).unwrap();
    let file: Value = serde_saphyr::from_str(&text).unwrap();
    let rules = file["groups"][0]["rules"].as_array().unwrap();
    let text = |rule: &Value, key: &str| rule[key].as_str().unwrap().to_owned();
    rules.iter().map(|rule| (text(rule, "alert"), text(rule, "expr"), rule.clone())).collect()
}

type Labels = BTreeMap<String, String>;

/// One line of an exposition.
#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: Labels,
    value: f64,
}

impl Sample {
    fn new(name: &str, labels: &[(&str, &str)], value: f64) -> Self {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Self { name: name.to_owned(), labels: labels.collect(), value }
    }
}

/// Reads `name{a="b",c="d"} 1`; no value of a test has a quote or a comma.
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
    let label = |label: &str| {
        let (name, value) = label.split_once('=').unwrap();
        (name.to_owned(), value.trim_matches('"').to_owned())
    };
    Sample {
        name: name.to_owned(),
        labels: labels.map(label).collect(),
        value: value.parse().unwrap(),
    }
}

/// Returns the daemon's metrics in the format of Prometheus.
fn page(rig: &Rig) -> String {
    rig.until("the metrics are read", || {
        let answer = say(rig, "GET", "/metrics", "");
        let (head, page) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| page.to_owned())
    })
}

fn scrape(rig: &Rig) -> Vec<Sample> {
    page(rig).lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

/// A metric in an expression, with its matchers: label, operator and value.
#[derive(Debug)]
struct Selector {
    name: String,
    matchers: Vec<(String, String, String)>,
}

impl Selector {
    /// Whether it selects a sample with these labels.
    fn selects(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|(label, operator, value)| {
            let found = labels.get(label).map_or("", String::as_str);
            match operator.as_str() {
                "=" => found == value,
                "!=" => found != value,
                "=~" => value.split('|').any(|word| word == found),
                "!~" => value.split('|').all(|word| word != found),
                other => panic!("{other}"),
            }
        })
    }
}

fn selectors(expr: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    for (at, _) in expr.match_indices("qunfa_") {
        let rest = &expr[at..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        let inside =
            rest[end..].strip_prefix('{').map_or("", |rest| rest.split('}').next().unwrap());
        let matchers = inside.split(',').map(str::trim).filter(|matcher| !matcher.is_empty());
        let matcher = |matcher: &str| {
            let label = matcher.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap();
            let value = matcher.find('"').unwrap();
            let word = matcher[value..].trim_matches('"');
            (matcher[..label].to_owned(), matcher[label..value].to_owned(), word.to_owned())
        };
        found.push(Selector {
            name: rest[..end].to_owned(),
            matchers: matchers.map(matcher).collect(),
        });
    }
    found
}

#[test]
fn every_rule_tells_what_happened_how_urgent_it_is_and_what_helps() {
    let mut names = BTreeSet::new();
    for (name, _, rule) in rules() {
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["page", "look"].contains(&severity), "{name}");
        assert!(rule["for"].is_string(), "{name}");
        for part in ["summary", "description", "command"] {
            assert!(
                rule["annotations"][part].as_str().is_some_and(|text| text.len() > 10),
                "{name}"
            );
        }
        assert!(names.insert(name));
    }
    assert!(names.len() > 15, "{names:?}");
}

#[test]
fn each_kind_of_alert_that_needs_a_person_fires_one_rule() {
    let rules = rules();
    let of_attention: Vec<_> = rules
        .iter()
        .filter(|(_, expr, _)| expr.starts_with("sum without (severity) (qunfa_attention{"))
        .map(|(name, expr, rule)| (name, selectors(expr).remove(0), &rule["labels"]["severity"]))
        .collect();
    let mut fired = BTreeSet::new();
    let hold = [("hold", Severity::Page), ("hold", Severity::Look)];
    for (kind, severity) in
        alert::kinds().map(|kind| (kind, alert::severity(kind, None))).chain(hold)
    {
        let labels = [("account", "club"), ("kind", kind), ("severity", severity.as_str())];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let firing: Vec<_> =
            of_attention.iter().filter(|(_, selector, _)| selector.selects(&labels)).collect();

        let expected = usize::from(severity != Severity::Note);
        assert_eq!(firing.len(), expected, "{kind} {severity:?}: {firing:?}");
        for (name, _, told) in firing {
            assert_eq!(*told, severity.as_str(), "{kind}: {name}");
            fired.insert(*name);
        }
    }
    assert_eq!(fired.len(), of_attention.len(), "a rule that no kind fires");
}

#[test]
fn the_rules_name_metrics_and_labels_that_a_scrape_has() {
    let rig = Rig::running(&[club()]);
    rig.drop_file("bad.yaml", "jobs: 7\n...\n");
    rig.until_file("rejected", "bad.yaml");
    let samples = scrape(&rig);

    for (rule, expr, _) in rules() {
        for Selector { name, matchers } in selectors(&expr) {
            let series: Vec<_> = samples.iter().filter(|sample| sample.name == name).collect();
            assert!(!series.is_empty(), "{rule}: {name}");
            for (label, _, value) in matchers {
                let values: BTreeSet<_> =
                    series.iter().filter_map(|sample| sample.labels.get(&label)).collect();
                assert!(!values.is_empty(), "{rule}: {name} has no label {label}");
                for word in value.split('|') {
                    let known = match label.as_str() {
                        "kind" => alert::is_kind(word),
                        "severity" => Severity::ALL.iter().any(|one| one.as_str() == word),
                        _ => values.iter().any(|value| *value == word),
                    };
                    assert!(known, "{rule}: {name}{{{label}={word:?}}}");
                }
            }
        }
        // What is joined or left out by name, beside the labels that a scrape adds.
        for list in expr.split("on (").chain(expr.split("without (")).skip(1) {
            for label in list.split(')').next().unwrap().split(", ") {
                let added = ["job", "instance"].contains(&label);
                assert!(
                    added
                        || !expr.contains(&format!("({label}"))
                        || samples.iter().any(|sample| { sample.labels.contains_key(label) }),
                    "{rule}: {label}"
                );
            }
        }
    }
}

/// Something that the daemon exports for a while, and which rules fire after how many minutes.
struct State {
    name: &'static str,
    samples: Vec<Sample>,
    /// By name, the growth a minute of metrics that do not stay.
    growth: &'static [(&'static str, f64)],
    up: bool,
    fires: &'static [(u32, &'static [&'static str])],
}

impl State {
    fn new(
        name: &'static str,
        samples: Vec<Sample>,
        fires: &'static [(u32, &'static [&'static str])],
    ) -> Self {
        Self { name, samples, growth: &[], up: true, fires }
    }
}

/// The same samples with one more, in place of one with the same labels.
fn with(samples: &[Sample], one: Sample) -> Vec<Sample> {
    let same = |sample: &&Sample| sample.name != one.name || sample.labels != one.labels;
    let mut samples: Vec<_> = samples.iter().filter(same).cloned().collect();
    samples.push(one);
    samples
}

fn attention(samples: &[Sample], kind: &str) -> Vec<Sample> {
    let severity = alert::severity(kind, None).as_str();
    let labels = [("account", "club"), ("kind", kind), ("severity", severity)];
    with(samples, Sample::new("qunfa_attention", &labels, 1.0))
}

fn has_attention(samples: &[Sample], kind: &str) -> bool {
    let is_kind = |sample: &Sample| sample.labels.get("kind").is_some_and(|found| found == kind);
    samples.iter().any(|sample| sample.name == "qunfa_attention" && is_kind(sample))
}

/// Waits until the metrics show something that needs a person.
fn until_shown(rig: &Rig, kind: &str) -> Vec<Sample> {
    rig.until(&format!("the metrics show {kind}"), || {
        let samples = scrape(rig);
        has_attention(&samples, kind).then_some(samples)
    })
}

/// What one daemon exports on a calm day, and in states that follow each other.
fn states_of_a_day() -> Vec<State> {
    let mut rig = Rig::new(&[club()]);
    rig.start();
    rig.until_listening();
    rig.answer_first("club");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");
    let tomorrow = at_line(whole_second(real_now() + TimeDelta::days(2)));
    rig.drop_file("summer.yaml", &to_tag_with("summer", "club", &tomorrow));
    rig.until_state("summer", "planned");
    let calm = scrape(&rig);
    let mut states = states_of_samples(&calm);
    states.push(State::new("calm", calm, &[(120, &[]), (1_500, &[])]));

    assert_eq!(rig.say(&["hold", "club", "--why", "a test"]).code, Some(0));
    let held: &[_] = &[(120, &[] as &[_]), (1_500, &["QunfaHoldForgotten"])];
    states.push(State::new("on hold", until_shown(&rig, "hold"), held));
    assert_eq!(rig.say(&["resume", "club"]).code, Some(0));

    rig.drop_file("bad.yaml", "jobs: 7\n...\n");
    let refused: &[_] = &[(5, &[] as &[_]), (30, &["QunfaFileRejected"])];
    states.push(State::new("a refused file", until_shown(&rig, "refused_file"), refused));
    assert_eq!(rig.say(&["ack", "bad.yaml"]).code, Some(0));

    let soon = at_line(whole_second(real_now() + TimeDelta::minutes(30)));
    let waits = to_tag_with("autumn", "club", &format!("{soon}\n    approval: true"));
    rig.drop_file("autumn.yaml", &waits);
    let due: &[_] = &[(5, &["QunfaApprovalDue"] as &[_]), (120, &["QunfaApprovalDue"])];
    states.push(State::new("an approval is due", until_shown(&rig, "approval_due"), due));
    assert_eq!(rig.say(&["cancel", "autumn"]).code, Some(0));

    rig.fault_on("/cgi-bin/message/mass/sendall", FaultKind::Errcode(40_008));
    rig.drop_file("winter.yaml", &to_tag("winter", "club"));
    let failed: &[_] = &[(5, &["QunfaNotSent"] as &[_])];
    states.push(State::new("a failed job", until_shown(&rig, "failed"), failed));
    assert_eq!(rig.say(&["ack", "winter"]).code, Some(0));

    let shell = Connection::open(rig.path("state/qunfa.db")).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    rig.drop_file("later.yaml", &to_tag("later", "club"));
    let locked = rig.until("the lock is noticed", || {
        let samples = scrape(&rig);
        let is_locked =
            |one: &Sample| one.name == "qunfa_database_locked" && (one.value - 1.0).abs() < 0.5;
        samples.iter().any(is_locked).then_some(samples)
    });
    states.push(State::new("a locked database", locked, &[(1, &[]), (5, &["QunfaNotReady"])]));
    shell.execute_batch("ROLLBACK").unwrap();
    states
}

/// States that take long to come, from what is exported on a calm day.
fn states_of_samples(calm: &[Sample]) -> Vec<State> {
    let late = Sample::new("qunfa_oldest_due_seconds", &[], 0.0);
    let stands = Sample::new("qunfa_not_ready", &[("reason", "loop")], 1.0);
    vec![
        State {
            growth: &[("qunfa_oldest_due_seconds", 60.0)],
            ..State::new("a late job", with(calm, late), &[(5, &[]), (10, &["QunfaLate"])])
        },
        State {
            growth: &[("qunfa_oldest_due_seconds", 60.0)],
            ..State::new("a loop that stands", with(calm, stands), &[(10, &["QunfaNotReady"])])
        },
        State {
            growth: &[("qunfa_alerts", 0.1)],
            ..State::new("messages given up", calm.to_vec(), &[(90, &["QunfaReceiverNotReached"])])
        },
        State { up: false, ..State::new("down", Vec::new(), &[(1, &[]), (5, &["QunfaDown"])]) },
        State::new("an uncertain job", attention(calm, "uncertain"), &[(5, &["QunfaUncertain"])]),
        State::new(
            "a silent callback",
            attention(calm, "callback_silent"),
            &[(5, &[]), (30, &["QunfaCallbackFails"])],
        ),
        State::new("a confirmation", attention(calm, "confirm"), &[(5, &["QunfaConfirm"])]),
        State::new("a stuck inbox", attention(calm, "inbox"), &[(5, &["QunfaAct"])]),
        State::new("no result", attention(calm, "no_result"), &[(5, &[]), (90, &["QunfaLook"])]),
        State::new("a new account", attention(calm, "first_month"), &[(120, &[]), (1_500, &[])]),
    ]
}

/// What a daemon exports whose platform has another clock.
fn a_clock_that_is_off() -> State {
    let mut rig = Rig::new(&[club()]);
    rig.set_sandbox_ahead(TimeDelta::minutes(2));
    rig.start();
    rig.until_listening();
    rig.answer_first("club");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    until_shown(&rig, "clock");
    let (samples, offset) = rig.until("the loop reports the clock", || {
        let samples = scrape(&rig);
        let is_offset = |sample: &&Sample| sample.name == "qunfa_clock_offset_seconds";
        let offset = samples.iter().find(is_offset)?.value;
        Some((samples, offset))
    });
    assert!((offset - 120.0).abs() < 5.0, "{offset}");
    let ready = say(&rig, "GET", "/readyz", "");
    assert!(
        ready.starts_with("HTTP/1.1 503") && ready.contains("behind the platform's"),
        "{ready}"
    );
    State {
        growth: &[("qunfa_oldest_due_seconds", 60.0)],
        ..State::new("a clock that is off", samples, &[(10, &["QunfaClockOff"])])
    }
}

/// What a daemon exports whose account the platform refuses.
fn a_paused_account() -> State {
    let mut rig = Rig::new(&[club()]);
    rig.fault_on("/cgi-bin/stable_token", FaultKind::Errcode(40_164));
    rig.start();
    rig.until_listening();
    rig.answer_first("club");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    State::new("a paused account", until_shown(&rig, "paused"), &[(10, &["QunfaAccountPaused"])])
}

/// What a daemon exports whose platform cannot be reached.
fn no_platform() -> State {
    let mut rig = Rig::new(&[club()]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    rig.write_config(&[club()], nobody);
    rig.start();
    rig.until_listening();
    rig.answer_first("club");
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    let fires: &[_] = &[(3, &[] as &[_]), (10, &["QunfaPlatformUnreachable"])];
    State {
        growth: &[("qunfa_oldest_due_seconds", 60.0)],
        ..State::new("no platform", until_shown(&rig, "platform"), fires)
    }
}

/// Writes a test of promtool: the series of a state, and what fires when.
fn promtool_test(state: &State, metrics: &BTreeSet<String>, text: &mut String) {
    writeln!(text, "  - name: {}\n    interval: 1m\n    input_series:", state.name).unwrap();
    let target = r#"job="qunfa",instance="127.0.0.1:8071""#;
    let up = u8::from(state.up);
    writeln!(text, "      - {{series: 'up{{{target}}}', values: '{up}+0x1500'}}").unwrap();
    for Sample { name, labels, value } in &state.samples {
        if !metrics.contains(name) {
            continue;
        }
        let labels: String =
            labels.iter().map(|(name, value)| format!("{name}=\"{value}\",")).collect();
        let growth =
            state.growth.iter().find(|(grows, _)| grows == name).map_or(0.0, |(_, by)| *by);
        writeln!(
            text,
            "      - {{series: '{name}{{{labels}{target}}}', values: '{value}+{growth}x1500'}}"
        )
        .unwrap();
    }
    writeln!(text, "    promql_expr_test:").unwrap();
    for (minutes, names) in state.fires {
        let expr = r#"sum by (alertname) (ALERTS{alertstate="firing"})"#;
        writeln!(text, "      - expr: {expr}\n        eval_time: {minutes}m").unwrap();
        writeln!(text, "        exp_samples:{}", if names.is_empty() { " []" } else { "" })
            .unwrap();
        for name in *names {
            writeln!(text, "          - {{labels: '{{alertname=\"{name}\"}}', value: 1}}").unwrap();
        }
    }
}

/// Runs promtool, which must be content.
fn promtool(arguments: &[&str], input: &str) {
    let mut promtool = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success(), "promtool {arguments:?}: {told}");
}

fn has_promtool() -> bool {
    Command::new("promtool").arg("--version").output().is_ok()
}

#[test]
fn promtool_finds_nothing_in_the_rules_and_in_the_metrics() {
    if !has_promtool() {
        return skipped("prometheus", "promtool is not installed");
    }
    let rig = Rig::running(&[club()]);
    rig.until_listening();
    rig.drop_file("spring.yaml", &to_tag("spring", "club"));
    rig.until_state("spring", "sent");

    promtool(&["check", "rules", rules_file().to_str().unwrap()], "");
    promtool(&["check", "metrics"], &page(&rig));
}

#[test]
fn a_rule_fires_in_each_state_that_needs_a_person_and_in_no_other() {
    if !has_promtool() {
        return skipped("prometheus", "promtool is not installed");
    }
    let mut states = states_of_a_day();
    states.extend([a_clock_that_is_off(), a_paused_account(), no_platform()]);
    let metrics: BTreeSet<_> = rules()
        .iter()
        .flat_map(|(_, expr, _)| selectors(expr).into_iter().map(|selector| selector.name))
        .collect();
    let mut text =
        format!("rule_files: [{}]\nevaluation_interval: 1m\ntests:\n", rules_file().display());
    for state in &states {
        promtool_test(state, &metrics, &mut text);
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("states.yml");
    fs::write(&file, &text).unwrap();

    promtool(&["test", "rules", file.to_str().unwrap()], "");
}
