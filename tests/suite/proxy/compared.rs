//! The same requests through LiteLLM and through the proxy, held against a request without a gateway; the table in the docs is what comes out.

use std::fmt::Write;
use std::process::Command;

use serde_json::{Value, json};

use super::clients::{Backend, script, told};
use super::lab::{Lab, route, table_with};
use crate::tools;

/// The most changes that a cell of the table names.
const MOST_NAMED: usize = 5;

fn words(value: &Value) -> Vec<&str> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).collect()
}

fn cell(changes: &Value) -> String {
    let all = words(changes);
    if all.is_empty() {
        return "nothing".to_owned();
    }
    let named: Vec<String> = all
        .iter()
        .take(MOST_NAMED)
        .map(|it| format!("`{it}`"))
        .collect();
    match all.len().saturating_sub(MOST_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What a gateway did with a request, for people.
fn told_of(row: &Value) -> String {
    if row["calls"] == 0 {
        return format!("it answers {} itself", row["status"]);
    }
    let status = if row["status"] == row["direct"] {
        String::new()
    } else {
        format!("{} for {}; ", row["status"], row["direct"])
    };
    if words(&row["sent"]).is_empty() && words(&row["got"]).is_empty() {
        return format!("{status}nothing");
    }
    format!(
        "{status}sent: {}; got: {}",
        cell(&row["sent"]),
        cell(&row["got"])
    )
}

fn rendered(seen: &Value) -> String {
    let mut text =
        "| request | what LiteLLM changes | what `homelab proxy` changes |\n| --- | --- | --- |\n"
            .to_owned();
    for (name, ours) in seen["ours"].as_object().expect("rows") {
        let theirs = told_of(&seen["litellm"][name]);
        writeln!(text, "| {name} | {theirs} | {} |", told_of(ours)).unwrap();
    }
    text
}

#[test]
fn what_litellm_changes_and_the_proxy_does_not() {
    let Some(backend) = Backend::new() else {
        return;
    };
    let lab = Lab::new(table_with(
        &json!({"retries": 0}),
        &[route("m", &[backend.address], &[])],
    ));
    let mut command = Command::new(tools::python().expect("the backend runs in it"));
    command
        .arg(script("compare_gateways.py"))
        .args([lab.address.to_string(), backend.address.to_string()]);
    let Some(seen) = told(command) else { return };
    for (name, row) in seen["ours"].as_object().expect("rows") {
        assert_eq!(row["calls"], 1, "{name}: {row}");
        assert!(words(&row["sent"]).is_empty(), "{name}: {row}");
        // That a server refuses our key is our mistake, and none of the client's.
        if row["direct"] == 401 {
            assert_eq!(row["status"], 502);
            continue;
        }
        assert_eq!(row["same_bytes"], true, "{name}: {row}");
        assert_eq!(row["status"], row["direct"], "{name}: {row}");
    }
    let table = rendered(&seen);
    assert!(
        include_str!("../../../docs/proxy.md").contains(&table),
        "docs/proxy.md has another table than this:\n\n{table}"
    );
}
