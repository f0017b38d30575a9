//! Real outputs of npm, pnpm, Yarn and Bun, in the wrappings of terminals, CI systems and chats, with what a careful reader
//! makes of each (`tests/corpus/labels.tsv`, `readings.tsv`).
//!
//! What the program makes of them stands in one reviewable file, `tests/snapshots/corpus__outcomes.snap`. After a change that
//! is meant to change outcomes, write it anew with `INSTA_UPDATE=always cargo test --test corpus` and read the diff.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, helpers included")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use npmfix::{
    classifier::{self, Findings},
    knowledge::{Knowledge, load_embedded},
};

struct Case {
    id: String,
    tier: String,
    must_answer: bool,
    code: Option<String>,
    registry: String,
    decisive: bool,
    readings: Vec<String>,
    found: Findings,
}

/// Case files write the hosts of public registries as placeholders.
fn expand(bytes: &[u8]) -> Vec<u8> {
    let hosts = [
        ("{{npm}}", ["registry", "npmjs", "org"]),
        ("{{mirror}}", ["registry", "npmmirror", "com"]),
        ("{{yarn}}", ["registry", "yarnpkg", "com"]),
        ("{{jsr}}", ["npm", "jsr", "io"]),
    ];
    hosts.iter().fold(bytes.to_vec(), |bytes, (name, host)| replace(&bytes, name.as_bytes(), host.join(".").as_bytes()))
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|w| w == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn cases(knowledge: &Knowledge) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let labels = fs::read_to_string(folder.join("labels.tsv")).unwrap();
    let cases: Vec<Case> = labels
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [id, tier, answer, code, registry, decisive, readings] = cells[..] else {
                panic!("labels.tsv: {line}")
            };
            let bytes = expand(&fs::read(folder.join("files").join(format!("{id}.txt"))).unwrap());
            Case {
                id: id.to_owned(),
                tier: tier.to_owned(),
                must_answer: answer == "yes",
                code: (code != "-").then(|| code.to_owned()),
                registry: registry.to_owned(),
                decisive: decisive == "yes",
                readings: readings.split(',').map(str::to_owned).collect(),
                found: classifier::explain(&bytes, &knowledge),
            }
        })
        .collect();
    let files = fs::read_dir(folder.join("files")).unwrap().count();
    assert_eq!(files, cases.len(), "every case file has a label and the other way round");
    cases
}

fn readings() -> BTreeMap<String, Vec<String>> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/readings.tsv");
    fs::read_to_string(table)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (reading, causes) = line.split_once('\t').unwrap();
            (reading.to_owned(), causes.split(',').map(str::to_owned).collect())
        })
        .collect()
}

impl Case {
    fn ranked(&self) -> Vec<Vec<&str>> {
        self.found.diagnoses.iter().map(|d| d.causes.iter().map(|c| c.id.as_str()).collect()).collect()
    }

    fn answered(&self) -> bool {
        !self.found.diagnoses.is_empty()
    }

    fn codes(&self) -> Vec<&str> {
        self.found.diagnoses.iter().filter_map(|d| d.report.code.as_deref()).collect()
    }
}

/// Hits among cases, with the names of the misses.
#[derive(Default)]
struct Measure {
    hits: usize,
    misses: Vec<String>,
}

impl Measure {
    fn add(&mut self, hit: bool, case: &Case) {
        if hit {
            self.hits += 1;
        } else {
            self.misses.push(format!("{} {:?} {:?}", case.id, case.codes(), case.ranked()));
        }
    }

    /// Fails when fewer than `percent` of the cases are hits.
    fn at_least(&self, percent: f64, name: &str) {
        let all = self.hits + self.misses.len();
        assert!(all > 0, "{name}: no case");
        let count = |n: usize| f64::from(u32::try_from(n).unwrap());
        let share = 100.0 * count(self.hits) / count(all);
        assert!(share >= percent, "{name}: {}/{all} is below {percent} %\n{}", self.hits, self.misses.join("\n"));
    }
}

/// What the bot stores with a reply, so that it can say it again after a click.
#[test]
fn every_diagnosis_survives_being_stored() {
    let knowledge = load_embedded().unwrap();
    for case in cases(&knowledge) {
        for diagnosis in &case.found.diagnoses {
            let stored = serde_json::to_string(diagnosis).unwrap();
            let read: classifier::Diagnosis = serde_json::from_str(&stored).unwrap();
            assert_eq!(&read, diagnosis, "{}: {stored}", case.id);
        }
    }
}

#[test]
fn the_corpus_is_read_as_a_careful_reader_would() {
    let knowledge = load_embedded().unwrap();
    let map = readings();
    let mut m: BTreeMap<&str, Measure> = BTreeMap::new();
    for case in &cases(&knowledge) {
        let mut count = |name: &'static str, hit: bool| m.entry(name).or_default().add(hit, case);
        let names = |reading: &String| map.get(reading).cloned().unwrap_or_else(|| vec![reading.clone()]);
        let allowed: Vec<String> = case.readings.iter().flat_map(names).collect();
        let best: Vec<String> = case.readings.first().map(names).unwrap_or_default();
        let ranked = case.ranked();
        let first_are = |among: &[String], depth: usize| {
            ranked.iter().any(|r| r.iter().take(depth).any(|id| among.iter().any(|a| a == id)))
        };
        match case.tier.as_str() {
            "negative" => count("negative silent", !case.answered()),
            "core" => {
                count("core answered", case.answered());
                count("core code", case.code.as_deref().is_some_and(|code| case.codes().contains(&code)));
                count("core top-1", first_are(&allowed, 1));
                count("core top-3", first_are(&allowed, 3));
                if case.decisive {
                    count("core decisive", first_are(&best, 1));
                }
            }
            "sibling" => {
                count("sibling answered", case.answered());
                count("sibling top-1", first_are(&allowed, 1));
            }
            "adjacent" => {
                if case.must_answer {
                    count("adjacent answered", case.answered());
                }
                if case.answered() {
                    count(
                        "adjacent not called E401 or E403",
                        !case.codes().iter().any(|c| ["E401", "E403"].contains(c)),
                    );
                }
            }
            // Readers differ on these.
            "fuzzy" => {}
            other => panic!("labels.tsv: unknown tier {other}"),
        }
        // With two errors in one paste the second one may well come from another registry.
        if case.tier != "negative" && !case.id.contains("two_errors") {
            let foreign =
                ranked.iter().filter_map(|r| r.first()).any(|id| belongs_elsewhere(id, &case.registry, &knowledge));
            count("first cause of this registry", !foreign);
        }
    }
    for (name, percent) in [
        ("negative silent", 100.0),
        ("core answered", 100.0),
        ("core code", 100.0),
        ("core decisive", 99.0),
        ("core top-1", 97.0),
        ("core top-3", 99.5),
        ("sibling answered", 100.0),
        ("sibling top-1", 95.0),
        ("adjacent answered", 100.0),
        ("adjacent not called E401 or E403", 100.0),
        ("first cause of this registry", 100.0),
    ] {
        m[name].at_least(percent, name);
    }
}

/// Whether a cause belongs to registries of other kinds than the one the case comes from.
fn belongs_elsewhere(id: &str, registry: &str, knowledge: &Knowledge) -> bool {
    let kind = match registry {
        "gitlab-instance" => "gitlab",
        "artifactory-remote" => "artifactory",
        "nexus-proxy" => "nexus",
        "corp-proxy" => "npm-public",
        other => other,
    };
    let cause = knowledge.cause(id).unwrap();
    !cause.registries.is_empty() && !cause.registries.iter().any(|k| k == kind)
}

#[test]
fn outcomes_change_only_on_purpose() {
    let knowledge = load_embedded().unwrap();
    let mut table = String::new();
    for case in cases(&knowledge) {
        if !case.answered() {
            writeln!(table, "{}\tsilent", case.id).unwrap();
        }
        for d in &case.found.diagnoses {
            let causes: Vec<String> =
                d.causes.iter().take(3).map(|c| format!("{} {}", c.id, c.confidence.as_str())).collect();
            let code = d.report.code.as_deref().unwrap_or("no code");
            let lines = format!("{}-{}", d.report.first_line, d.report.last_line);
            writeln!(
                table,
                "{}\t{code}\tx{}\t{lines}\t{}\t{}",
                case.id,
                d.count,
                d.report.registry.kind,
                causes.join(", ")
            )
            .unwrap();
        }
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => true }, {
        insta::assert_snapshot!("outcomes", table);
    });
}
