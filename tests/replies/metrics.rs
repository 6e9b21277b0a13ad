//! The Prometheus exporter's page.

use std::fmt::Write as _;

use haproxy_replies::metrics::{Family, MetricsError, MetricsReader, Number, Type};
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

/// One series: its family, its own name, its labels and its value, written out.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    family: Family,
    name: String,
    labels: Vec<(String, String)>,
    value: String,
}

fn written(value: Number) -> String {
    match value {
        Number::Whole(number) => number.to_string(),
        Number::Float(number) => format!("{number:?}"),
    }
}

fn read(pieces: &[&[u8]]) -> Result<Vec<Seen>, MetricsError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut reader = MetricsReader::default();
    let mut all = Vec::new();
    for piece in pieces {
        reader.push::<MetricsError>(piece, |family, sample| {
            all.push(Seen {
                family: family.clone(),
                name: text(sample.name),
                labels: sample
                    .labels
                    .iter()
                    .map(|(name, value)| (text(name), text(&value)))
                    .collect(),
                value: written(sample.value),
            });
            Ok(())
        })?;
    }
    reader.finish()?;
    Ok(all)
}

fn labels(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    labels.iter().map(owned).collect()
}

#[test]
fn every_line_of_the_exporter_is_read_as_it_is_written() {
    for version in VERSIONS {
        let bytes = reply(version, "metrics");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let seen = read(&[&bytes]).unwrap();
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        for seen in &seen {
            let labels: Vec<String> = seen
                .labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{value}\""))
                .collect();
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", labels.join(","))
            };
            let (head, value) = lines.next().unwrap().rsplit_once(' ').unwrap();
            assert_eq!(format!("{}{labels}", seen.name), head, "{version}");
            // HAProxy writes fractions with six digits
            let same = value == seen.value || value.parse::<f64>() == seen.value.parse::<f64>();
            assert!(
                same || seen.value == "NaN" && value == "NaN",
                "{head} {value}: {}",
                seen.value
            );
            assert!(
                text.contains(&format!(
                    "# HELP {} {}\n# TYPE {} {}\n",
                    seen.family.name,
                    seen.family.help,
                    seen.family.name,
                    seen.family.kind.as_str()
                )),
                "{version}: {seen:?}"
            );
            assert!(!seen.family.help.is_empty() && seen.family.kind != Type::Untyped);
        }
        assert_eq!(lines.next(), None, "{version}");
    }
}

#[test]
fn labels_hold_any_text_and_blanks_stand_where_they_may() {
    let page = b"# a comment\n#HELP x none\n# HELP  a_total  Lines\\n and \\\\ back \n# TYPE a_total counter\n\
        a_total { proxy = \"a\\\"b}\\\\,\\n=\\x\" , server=\"\" ,} +1e3 1700000000000\n\n\t a_total{} 3\r\n\
        a_total 18446744073709551616\nb:c_0{le=\"+Inf\"} -Inf\nb:c_0 NaN\n";
    let seen = read(&[page]).unwrap();
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[0].family.help, "Lines\n and \\ back");
    assert_eq!(seen[0].family.kind, Type::Counter);
    assert_eq!(
        seen[0].labels,
        labels(&[("proxy", "a\"b}\\,\n=\\x"), ("server", "")])
    );
    let values: Vec<&str> = seen.iter().map(|seen| seen.value.as_str()).collect();
    assert_eq!(
        values,
        ["1000.0", "3", "1.8446744073709552e19", "-inf", "NaN"]
    );
    assert_eq!(
        (seen[1].labels.len(), seen[1].family.name.as_str()),
        (0, "a_total")
    );
    assert_eq!(
        (seen[3].family.kind, seen[3].family.help.as_str()),
        (Type::Untyped, "")
    );
}

#[test]
fn the_parts_of_a_histogram_are_of_its_family() {
    let page = b"# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3.5\nh_count 2\nh_other 1\n# TYPE c counter\nc_sum 1\n";
    let families: Vec<(String, Type)> = read(&[page])
        .unwrap()
        .into_iter()
        .map(|seen| (seen.family.name, seen.family.kind))
        .collect();
    let of = |name: &str, kind| (name.to_owned(), kind);
    let histogram = of("h", Type::Histogram);
    assert_eq!(
        families,
        [
            histogram.clone(),
            histogram.clone(),
            histogram,
            of("h_other", Type::Untyped),
            of("c_sum", Type::Untyped)
        ]
    );
}

#[test]
fn what_is_no_metric_is_said() {
    for (page, number) in [
        ("<html><body>503</body></html>\n", 1),
        ("a 1\nnot a metric at all\n", 2),
        ("a{b=\"c\" 1\n", 1),
        ("a{b=\"c} 1\n", 1),
        ("a{b=c} 1\n", 1),
        ("a{1=\"c\"} 1\n", 1),
        ("a{b=\"c\"d=\"e\"} 1\n", 1),
        ("a{b=\"c\\\"} 1\n", 1),
        ("1a 1\n", 1),
        ("a\n", 1),
        ("a \n", 1),
        ("a x\n", 1),
        ("a 1 x\n", 1),
        ("a 1 2 3\n", 1),
        ("# pxname,svname\nBACKEND,1\n", 2),
    ] {
        let expected = page.lines().nth(number - 1).unwrap().trim_end().to_owned();
        assert_eq!(
            read(&[page.as_bytes()]),
            Err(MetricsError::NotAMetric {
                number: number as u64,
                line: expected
            }),
            "{page}"
        );
    }
    assert_eq!(read(&[b"a 1\na 2"]), Err(MetricsError::Truncated));
    let long = [b"a".repeat(2 << 20)];
    assert_eq!(read(&[&long[0]]), Err(MetricsError::TooLong));
    assert_eq!(read(&[b""]), Ok(vec![]));
}

#[test]
fn an_error_of_the_caller_ends_the_reading() {
    #[derive(Debug, PartialEq)]
    struct Enough;
    impl From<MetricsError> for Enough {
        fn from(_: MetricsError) -> Self {
            panic!("the page is sound")
        }
    }
    let mut count = 0;
    let ended = MetricsReader::default().push(b"a 1\na 2\na 3\n", |_, _| {
        count += 1;
        if count == 2 { Err(Enough) } else { Ok(()) }
    });
    assert_eq!((ended, count), (Err(Enough), 2));
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// A page whose series are known.
fn page() -> impl Strategy<Value = (String, Vec<Seen>)> {
    let label = (
        "[a-z_][a-z0-9_]{0,5}",
        any::<String>().prop_filter("one line", |text| {
            // a reader of bytes ends a line at its feed alone, and takes what an editor leaves before it
            !text.contains('\r')
        }),
    );
    let series = (prop::collection::vec(label, 0..4), any::<u64>());
    let family = (
        "[a-z_:][a-z0-9_:]{0,8}",
        "[ -\\[\\]-~]{0,20}",
        prop::sample::select(vec![Type::Counter, Type::Gauge]),
        prop::collection::vec(series, 1..4),
    );
    prop::collection::vec(family, 0..5).prop_map(|families| {
        let (mut text, mut seen) = (String::new(), Vec::new());
        for (number, (name, help, kind, series)) in families.into_iter().enumerate() {
            let name = format!("{name}_{number}");
            let help = help.trim().to_owned();
            writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {}",
                kind.as_str()
            )
            .unwrap();
            for (labels, value) in series {
                let written: Vec<String> = labels
                    .iter()
                    .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                    .collect();
                writeln!(text, "{name}{{{}}} {value}", written.join(",")).unwrap();
                seen.push(Seen {
                    family: Family {
                        name: name.clone(),
                        kind,
                        help: help.clone(),
                    },
                    name: name.clone(),
                    labels,
                    value: value.to_string(),
                });
            }
        }
        (text, seen)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((text, seen) in page(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces.push(&bytes[from..]);
        prop_assert_eq!(read(&pieces).unwrap(), seen);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        head in prop::sample::select(vec!["", "a{", "a{b=\"", "# TYPE a ", "# HELP ", "a 1 "]),
        bytes in prop::collection::vec(prop_oneof![
            prop::sample::select(b"{}=\",\\ \n#abNI+-.019".to_vec()), any::<u8>()
        ], 0..120),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut page = head.as_bytes().to_vec();
        page.extend(bytes);
        page.push(b'\n');
        let whole = read(&[&page]);
        let (one, two) = page.split_at(cut.index(page.len()));
        prop_assert_eq!(format!("{:?}", read(&[one, two])), format!("{whole:?}"));
    }
}
