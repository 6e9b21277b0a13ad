//! Which counters are sampled.

use super::rates::plan;
use super::{made, read};
use crate::counters::Counters;
use crate::error::TableError;
use crate::rates::{First, Plan};

/// The names of the counters of a HAProxy that has few columns.
fn sampled(asked: Option<&[&str]>, sort: &str) -> Result<Vec<String>, TableError> {
    let asked: Option<Vec<String>> =
        asked.map(|asked| asked.iter().map(|name| (*name).to_owned()).collect());
    let counters = Counters {
        asked: asked.as_deref(),
        sort,
    };
    let plan = Plan { counters, ..plan() };
    let reply = made(
        "pxname,svname,type,status,scur,qcur,stot,econ,lbtot,weird",
        &[],
    );
    Ok(read(&reply, First::new(&plan, false))?.counters)
}

#[test]
fn they_are_those_that_were_asked_for_and_the_one_to_sort_by() {
    for (asked, sort, expected) in [
        (None, "stot", ["stot", "econ"].as_slice()),
        (None, "lbtot", &["stot", "econ", "lbtot"]),
        (Some(["econ"].as_slice()), "stot", &["econ", "stot"]),
        (
            Some(&["lbtot", "all", "lbtot"]),
            "stot",
            &["lbtot", "stot", "econ"],
        ),
        // of a newer version or of a module: taken at its user's word
        (Some(&["weird"]), "weird", &["weird"]),
    ] {
        assert_eq!(sampled(asked, sort).unwrap(), expected, "{asked:?} {sort}");
    }
}

#[test]
fn what_is_no_counter_is_refused_with_near_ones() {
    for (asked, sort, at) in [
        (Some(["econ", "scur"].as_slice()), "stot", "/counters/1"),
        (Some(&["ecom"]), "stot", "/counters/0"),
        (Some(&["status"]), "stot", "/counters/0"),
        (None, "qcur", "/sort"),
        (None, "none", "/sort"),
    ] {
        let error = sampled(asked, sort).unwrap_err();
        let TableError::NoSuchCounter { pointer, near, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(pointer, at, "{error}");
        assert!(
            !near.iter().any(|near| near == "scur" || near == "qcur"),
            "{near:?}"
        );
        assert!(error.hint().is_some());
    }
    let hint = sampled(Some(&["ecom"]), "stot").unwrap_err().hint();
    assert_eq!(hint.as_deref(), Some("did you mean econ?"));
}
